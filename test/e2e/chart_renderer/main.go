// Renders a Helm chart with the engine that Helm itself is built on (text/template and sprig), for machines without Helm.
//
//	chart_renderer [--name R] [--namespace N] [-f values.yaml]... [--set a.b=c]... [--values] CHART
//
// Prints all objects as YAML documents, each checked, or with --values the values that the templates would see, as JSON.
// Values are merged as Helm merges them; values.schema.json is left to the caller.  A value that a template reads and
// nobody gives is an error, as with `helm lint --strict`; `lookup`, which asks a cluster, is no function here.
//
// Source: Helm documentation, "Template Function List", "Built-in Objects", "Values Files".
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type tree = map[string]interface{}

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	var files, settings list
	name := flag.String("name", "release", "of the release")
	namespace := flag.String("namespace", "default", "of the release")
	onlyValues := flag.Bool("values", false, "print the merged values and render nothing")
	flag.Var(&files, "f", "file of values; later ones win")
	flag.Var(&settings, "set", "one value, PATH=VALUE; wins over files")
	flag.Parse()
	if flag.NArg() != 1 {
		check(errors.New("want one chart's folder"))
	}
	folder := flag.Arg(0)

	values := tree{}
	for _, file := range append([]string{filepath.Join(folder, "values.yaml")}, files...) {
		merge(values, read(file))
	}
	for _, setting := range settings {
		set(values, setting)
	}
	if *onlyValues {
		check(json.NewEncoder(os.Stdout).Encode(values))
		return
	}

	chart := tree{}
	for key, value := range read(filepath.Join(folder, "Chart.yaml")) {
		chart[strings.ToUpper(key[:1])+key[1:]] = value // templates see fields: .Chart.AppVersion
	}
	render(folder, tree{
		"Values": values,
		"Chart":  chart,
		"Release": tree{"Name": *name, "Namespace": *namespace, "Service": "Helm", "Revision": 1,
			"IsInstall": true, "IsUpgrade": false},
		"Capabilities": tree{"KubeVersion": tree{"Version": "v1.32.0", "Major": "1", "Minor": "32"}},
	})
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "chart_renderer:", err)
		os.Exit(1)
	}
}

func read(file string) tree {
	text, err := os.ReadFile(file)
	check(err)
	out := tree{}
	if err := yaml.UnmarshalStrict(text, &out); err != nil {
		check(fmt.Errorf("%s: %w", file, err))
	}
	return out
}

// A null takes a key away.
func merge(into, from tree) {
	for key, value := range from {
		inner, isTree := value.(tree)
		own, hasTree := into[key].(tree)
		switch {
		case value == nil:
			delete(into, key)
		case isTree && hasTree:
			merge(own, inner)
		default:
			into[key] = value
		}
	}
}

func set(values tree, setting string) {
	path, text, found := strings.Cut(setting, "=")
	if !found {
		check(fmt.Errorf("--set %s: want PATH=VALUE", setting))
	}
	value := scalar(text)
	keys := strings.Split(path, ".")
	for i := len(keys) - 1; i > 0; i-- {
		value = tree{keys[i]: value}
	}
	merge(values, tree{keys[0]: value})
}

// Whole numbers, true, false and null are what they look like, all else is a text.
func scalar(text string) interface{} {
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number
	}
	switch text {
	case "true", "false":
		return text == "true"
	case "null":
		return nil
	}
	return text
}

func render(folder string, data tree) {
	all := template.New("chart").Option("missingkey=error")
	execute := func(one *template.Template, data interface{}) (string, error) {
		var out strings.Builder
		err := one.Execute(&out, data)
		return out.String(), err
	}
	functions := sprig.TxtFuncMap()
	delete(functions, "env") // a chart must not read who renders it
	delete(functions, "expandenv")
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["fromYaml"] = func(text string) (tree, error) {
		out := tree{}
		return out, yaml.Unmarshal([]byte(text), &out)
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		if one := all.Lookup(name); one != nil {
			return execute(one, data)
		}
		return "", fmt.Errorf("include: no template %q", name)
	}
	functions["tpl"] = func(source string, data interface{}) (string, error) {
		one, err := template.Must(all.Clone()).New("tpl").Parse(source)
		if err != nil {
			return "", err
		}
		return execute(one, data)
	}
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}

	pattern := filepath.Join(folder, "templates", "*")
	_, err := all.Funcs(functions).ParseGlob(pattern)
	check(err)
	paths, err := filepath.Glob(pattern)
	check(err)
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") || name == "NOTES.txt" {
			continue
		}
		text, err := execute(all.Lookup(name), data)
		check(err)
		for _, document := range strings.Split("\n"+text, "\n---\n") {
			if strings.TrimSpace(document) != "" {
				checkObject(name, document)
				fmt.Printf("---\n# %s\n%s\n", name, strings.Trim(document, "\n"))
			}
		}
	}
}

func checkObject(name, document string) {
	object := tree{}
	if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
		check(fmt.Errorf("%s: %w\n%s", name, err, document))
	}
	about, _ := object["metadata"].(tree)
	if object["apiVersion"] == nil || object["kind"] == nil || about["name"] == nil {
		check(fmt.Errorf("%s: want an object with apiVersion, kind and metadata.name, got:\n%s", name, document))
	}
}
