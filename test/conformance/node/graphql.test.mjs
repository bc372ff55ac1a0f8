// The reference implementation of GraphQL reads our schema and checks our answers; SIXFOLD_URL says where.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {buildClientSchema, buildSchema, getIntrospectionQuery, parse, printSchema, validate} from "graphql";

const url = process.env.SIXFOLD_URL + "/graphql";
const encoder = process.env.SIXFOLD_ENCODER_URL;

async function ask(query, variables, {at = url, operationName} = {}) {
  const response = await fetch(at, {
    method: "POST",
    headers: {"Content-Type": "application/json", Accept: "application/graphql-response+json"},
    body: JSON.stringify({query, variables, operationName}),
  });
  return {status: response.status, ...(await response.json())};
}
// As a client would: the query is checked against the schema first.
async function good(query, variables, options) {
  assert.deepEqual(validate(await schema(), parse(query)), []);
  const answer = await ask(query, variables, options);
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.equal(answer.status, 200);
  return answer.data;
}
let known;
async function schema() {
  if (!known) {
    const answer = await ask(getIntrospectionQuery());
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    known = buildClientSchema(answer.data);
  }
  return known;
}

test("the schema that introspection tells is the documented one", async () => {
  const documented = readFileSync(process.env.SIXFOLD_SOURCE_DIR + "/docs/schema.graphql", "utf8");
  assert.equal(printSchema(await schema()).trim(), documented.trim());
  assert.equal(printSchema(buildSchema(documented)).trim(), documented.trim());
});

test("introspection with everything that newer clients ask for", async () => {
  const options = {descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true};
  const answer = await ask(getIntrospectionQuery(options));
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.equal(printSchema(buildClientSchema(answer.data)), printSchema(await schema()));
});

test("models by fragments, aliases and variables", async () => {
  const data = await good(
    `query Facts($name: String!, $long: Boolean!) {
      models { ...facts }
      same: model(name: $name) { ...facts context @include(if: $long) }
      none: model(name: "nothing") { name }
    }
    fragment facts on Model { __typename name generates }`,
    {name: "default", long: true}, {operationName: "Facts"});
  assert.equal(data.models.length, 1);
  assert.equal(data.models[0].__typename, "Model");
  assert.equal(data.models[0].generates, true);
  assert.equal(data.same.name, data.models[0].name);
  assert.ok(data.same.context > 0);
  assert.equal(data.none, null);
});

test("text is generated, the same for the same seed as over /v1/completions", async () => {
  const query = `query($prompt: String!, $options: GenerationOptions) {
    generate(prompt: $prompt, options: $options) { text finishReason usage { promptTokens completionTokens totalTokens } }
  }`;
  const data = await good(query, {prompt: "Once upon a time", options: {maxTokens: 8, seed: 5, temperature: 0.8}});
  const {text, usage} = data.generate;
  assert.ok(text.length > 0);
  assert.ok(usage.completionTokens <= 8);
  assert.equal(usage.totalTokens, usage.promptTokens + usage.completionTokens);
  const response = await fetch(process.env.SIXFOLD_URL + "/v1/completions", {
    method: "POST", body: JSON.stringify({prompt: "Once upon a time", max_tokens: 8, seed: 5, temperature: 0.8})});
  assert.equal((await response.json()).choices[0].text, text);
});

test("several generations of one request run together, and messages are answered", async () => {
  const data = await good(`{
    a: generate(prompt: "Once", options: {maxTokens: 4, temperature: 0}) { text }
    b: generate(prompt: "Once", options: {maxTokens: 4, temperature: 0}) { text }
    c: generate(messages: [{role: "user", content: "Hi"}], options: {maxTokens: 2, stop: ["zzz"]}) { finishReason }
  }`);
  assert.equal(data.a.text, data.b.text);
  assert.ok(["STOP", "LENGTH"].includes(data.c.finishReason));
});

test("a failing field is null, with its path", async () => {
  const answer = await ask(`{ models { name } x: embed(input: ["a"]) { vectors } }`);
  assert.equal(answer.status, 200);
  assert.equal(answer.data.models.length, 1);
  assert.equal(answer.data.x, null);
  assert.deepEqual(answer.errors[0].path, ["x"]);
  assert.match(answer.errors[0].message, /makes no embeddings/);
});

test("what the reference implementation refuses, we refuse at the same place", async () => {
  const queries = [
    "{ nothing }", "{ models }", "{ models { name { a } } }", "{ model { name } }", "{ model(name: 1) { name } }",
    "{ model(name: \"a\", x: 1) { name } }", "{ ...f }", "{ __typename ...f } fragment f on Model { name }",
    "query($x: Int) { __typename }", "{ model(name: $x) { name } }", "{ __typename @nothing }",
    "{ a: __typename a: models { name } }",
    "query($x: String) { model(name: $x) { name } }",
    "{ embed(input: [1]) { vectors } }", "{ generate(prompt: \"a\", options: {stop: [null]}) { text } }",
  ];
  for (const query of queries) {
    const wanted = validate(await schema(), parse(query));
    assert.ok(wanted.length > 0, query);
    const answer = await ask(query);
    assert.equal(answer.status, 400, query);
    assert.equal(answer.data, undefined);
    const places = wanted.flatMap((error) => error.locations.map(({line, column}) => `${line}:${column}`));
    const {line, column} = answer.errors[0].locations[0];
    assert.ok(places.includes(`${line}:${column}`), `${query}: ${JSON.stringify(answer.errors)}, want ${places}`);
  }
  // Refused by both; we point to a neighbouring word.
  for (const query of ["{ generate(prompt: \"a\", options: {heat: 1}) { text } }", "query A { __typename } query A { __typename }"]) {
    assert.ok(validate(await schema(), parse(query)).length > 0, query);
    assert.equal((await ask(query)).status, 400, query);
  }
});

test("what the reference implementation cannot parse, we cannot either, at the same place", async () => {
  for (const query of ["{", "{ a(b: ) }", "{ a b: }", "query (", "{ a(b: \"x) }", "{ a } }", "fragment on on A { b }", "{ a(b: 1a) }"]) {
    let place;
    assert.throws(() => parse(query), (error) => { place = error.locations[0]; return true; });
    const answer = await ask(query);
    assert.equal(answer.status, 400, query);
    assert.equal(answer.errors[0].locations[0].line, place.line, query);
  }
});

test("embeddings of an encoder", {skip: encoder ? false : "no encoder: SIXFOLD_TESTDATA is not set"}, async () => {
  const data = await good(`{ models { embeddingWidth } embed(input: ["a cat", "a dog"]) { vectors totalTokens } }`, {},
    {at: encoder + "/graphql"});
  assert.equal(data.embed.vectors.length, 2);
  assert.equal(data.embed.vectors[0].length, data.models[0].embeddingWidth);
  assert.ok(Math.abs(Math.hypot(...data.embed.vectors[0]) - 1) < 1e-5);
});
