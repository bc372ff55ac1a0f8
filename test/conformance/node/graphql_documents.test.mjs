// Documents that the reference implementation of GraphQL judges, and we after it: words and signs, strings, numbers,
// values, fragments, variables, directives, fields of one name.  SIXFOLD_URL says where the server is.  What a model would
// compute is skipped by a directive, for only the judgement counts here.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {buildSchema, isEnumType, isInputObjectType, isInputType, isListType, isNonNullType, parse, typeFromAST, validate} from "graphql";

const schema = buildSchema(readFileSync(process.env.SIXFOLD_SOURCE_DIR + "/docs/schema.graphql", "utf8"));

const lexical = [
  "{ __typename }", "{__typename}", "query { __typename }", "query Q { __typename }", "{ __typename, }", "{,,,__typename}",
  "# only a comment", "", "   \n\t", "{ __typename } # end", "{ # in \n __typename }", "{ # \u00e9\n __typename % }",
  "{ __typename \ufeff }", "\ufeff{ __typename }", "\ufeff{ nothing }", "{ a\u00a0: __typename }", "{ __type\u0000name }",
  "{ \u00e9: __typename }", "{ a-b: __typename }", "{ 1a: __typename }", "{ _: __typename }", "{ . __typename }",
  "{ .. __typename }", "{ ...__typename }", "{ a: __typename; }", "{ __typename ] }", "{ & }", "{ | }", "{ 'a' }",
  "{ true: __typename null: __typename on: __typename query: __typename fragment: __typename }",
];

const numbers = [
  "0", "-0", "00", "01", "-01", "-", "+1", "1.", ".5", "1.5", "1.e5", "1e", "1e5", "1E+5", "1e-5", "1.5e+", "0x1", "1a", "1_0",
  "1.5.5", "1..2", "1...2", "0.0", "-0.0", "2147483647", "2147483648", "-2147483648", "-2147483649", "1.0", "9007199254740993",
].flatMap((number) => [
  `query ($x: Float = ${number}) { generate(options: {temperature: $x}) @skip(if: true) { text } }`,
  `query ($x: Int = ${number}) { generate(options: {seed: $x}) @skip(if: true) { text } }`,
]);

const strings = [
  '""', '"a"', '"a', '"a\nb"', '"a\rb"', '"\\n"', '"\\q"', '"\\x41"', '"\\u0041"', '"\\u004"', '"\\u004G"', '"\\u{41}"',
  '"\\u{1F600}"', '"\\u{}"', '"\\u{110000}"', '"\\u{D800}"', '"\\uD83D\\uDE00"', '"\\uD83D"', '"\\uDE00"', '"\\uD83Dx"',
  '"\\uD83D\\u0041"', '"\\u{D83D}\\uDE00"', '"\\uD83D\\u{DE00}"', '"\\u{00000041}"', '"\\/"', '"\\\'"', '"\u00e9\u4f60"',
  '"\u00e9\u4f60" %', '"a\tb"', '"a\u0001b"', '"a\u2028b"', "'a'", "\u201ca\u201d", '"\\', '"\\u', '"\\u{4', '"\\uD83D\\u',
  '""""""', '"""a"""', '"""a""', '"""a\\"""b"""', '"""a\\n"""', '"""\n a\n  b\n"""', '"""a"b""c"""', '"""a""""', '"""\\"""',
  '"""\r\n\ta\r\n\tb\r"""', '"""\u00e9\n\u00e9""" %',
].map((text) => `{ model(name: ${text}) { name } }`);

const grammar = [
  "{", "query (", "{ a b: }", "fragment on on A { b }", "{ }", "{ models { } }", "{ models() { name } }", "query Q() { __typename }", "query Q( { __typename }",
  "{ models { name } } { models { name } }", "query { __typename } { __typename }", "query A { __typename } query B { __typename }",
  "query A { __typename } query A { __typename }", "query on { __typename }", "query query { __typename }",
  "query fragment { __typename }", "queryA { __typename }", "{ a: b: __typename }", "{ : __typename }", "{ a: }",
  "{ models { name } name }", "type A { b: Int }", "extend type Query { a: Int }", "schema { query: Query }",
  "directive @a on FIELD", "{ __typename } type A { b: Int }", "garbage", "{ __typename } garbage", "{ model(name: $) { name } }",
  "{ model(name: ) { name } }", '{ model(name "a") { name } }', '{ model("a") { name } }', "{ a } }", "{ a(b: 1a) }",
];

const fields = [
  '{ model(name: "a" name: "b") { name } }', '{ model(name: "a", name: "a") { name } }', '{ model(name: ["a"]) { name } }',
  "{ model(name: {a: 1}) { name } }", "{ model(name: a) { name } }", "{ model(name: true) { name } }",
  "{ model(name: null) { name } }", "{ model(name: 1) { name } }", "{ model { name } }", '{ model(nam: "a") { name } }',
  '{ models(name: "a") { name } }', "{ models { name(a: 1) } }", "{ __typename(a: 1) }", "{ __typename { a } }", "{ models }",
  "{ models { name { a } } }", '{ model(name: "a") }', "{ nothing }", "{ models { nothing } }",
  "{ models { __schema { queryType { name } } } }", "{ __schema }", "{ __schema { types { name } } }", "{ __type { name } }",
  "{ __type(name: 1) { name } }", '{ __type(name: "Query") { name fields(includeDeprecated: 1) { name } } }',
  '{ __type(name: "Query") { fields(includeDeprecated: null) { name } } }',
];

const inputs = [
  ...[
    "{}", "{seed: 1}", "{seed: 1.0}", "{seed: 1.5}", '{seed: "1"}', "{seed: true}", "{seed: null}", "{temperature: 1}",
    "{temperature: 1.5}", '{temperature: "1"}', '{stop: "a"}', '{stop: ["a"]}', '{stop: [["a"]]}', "{stop: []}", "{stop: [null]}",
    "{stop: null}", "{stop: [1]}", "{stop: {a: 1}}", "{heat: 1}", "{seed: 1, seed: 1}", "[]", "[{}]", "1", '"a"', "null",
    "{seed: a}", "{seed: [1]}", "{seed 1}", "{seed: }", '{"seed": 1}', "{,}",
  ].map((value) => `{ generate(options: ${value}) @skip(if: true) { text } }`),
  ...[
    '{role: "user", content: "a"}', '[{role: "user"}]', '[{role: "user", content: null}]', "[null]", "[[]]", "[]", "{}",
    '[{role: "user", content: "a", name: "b"}]',
  ].map((value) => `{ generate(messages: ${value}) @skip(if: true) { text } }`),
  ...[
    '(input: "a")', '(input: ["a", "b"])', "(input: [])", "(input: [null])", "(input: [1])", "(input: null)", "", '(input: "a", truncate: null)',
    '(input: "a", dimensions: "1")',
  ].map((value) => `{ embed${value} @skip(if: true) { model } }`),
];

const fragments = [
  "{ ...f } fragment f on Query { __typename }", "{ ...f ...f } fragment f on Query { __typename }", "{ ...f }",
  "{ ...f } fragment f on Nothing { a }", "{ ...f } fragment f on String { a }", "{ ...f } fragment f on GenerationOptions { seed }",
  "{ ...f } fragment f on FinishReason { a }", "{ ...f } fragment f on Model { name }",
  "{ models { ...f } } fragment f on Model { name }", "{ __typename } fragment f on Query { __typename }",
  "fragment f on Query { __typename }", "{ ...f } fragment f on Query { __typename } fragment f on Query { __typename }",
  "{ ...f } fragment f on Query { ...f }", "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }",
  "{ models { ...f } } fragment f on Model { name ...g } fragment g on Model { inputs { ...h } } fragment h on Tensor { ...h }",
  "{ __typename } fragment f on Query { ...g } fragment g on Query { ...f }", "{ ... on Query { __typename } }",
  "{ ... { __typename } }", "{ ... @include(if: true) { __typename } }", "{ ... on Model { name } }", "{ ... on Nothing { a } }",
  "{ ... on String { a } }", "{ ... on Query }", "{ ... }", "{ ... on { __typename } }",
  "fragment on on Query { __typename } { ...on }", "{ ...f } fragment f { __typename }", "{ ...f } fragment f on Query",
  "{ ...f } fragment f($a: Int) on Query { __typename }", "{ ...f(a: 1) } fragment f on Query { __typename }",
  "{ __schema { ...f } } fragment f on __Schema { types { name } }", "{ __schema { ...f } } fragment f on __Type { name }",
  "{ ...f } fragment f on Query { nothing }", "{ ...f @include(if: false) } fragment f on Query { __typename }",
  "fragment a on Query { b: __typename } query { ...a }",
];

const variables = [
  ...[
    "$x: String!", "$x: String", '$x: String = "a"', '$x: String! = "a"', "$x: String = null", "$x: String! = null",
    "$x: [String!]", "$x: Int!", "$x: ID!", "$x: Boolean!", "$x: Model", "$x: Nothing", "$x: FinishReason",
    "$x: GenerationOptions", "$x: __TypeKind", "$x: String!, $x: String!", "$x: String! $y: Int", "x: String!", "$x String!", "$x: ",
    "$x: String!!", "$x: [String", "$x: []", "$x: String! = $y", "$x: String! = 1", "$x: String! @skip(if: true)",
    "$x: String! @nothing", '$x: String! = "a" @nothing', "$x: String! @include", "$: String!",
  ].map((definition) => `query (${definition}) { model(name: $x) @skip(if: true) { name } }`),
  "query ($x: String!) { __typename }", "{ model(name: $x) { name } }",
  "query A($x: String!) { ...f } query B { ...f } fragment f on Query { model(name: $x) @skip(if: true) { name } }",
  ...["Boolean!", "Boolean", "Boolean = true"].map((type) => `query ($x: ${type}) { __typename @skip(if: $x) }`),
  ...["[String!]!", "[String]!", "[String!]", "String!"].map(
    (type) => `query ($x: ${type}) { embed(input: $x) @skip(if: true) { model } }`),
  ...["String!", "String", 'String = "a"'].map((type) => `query ($x: ${type}) { embed(input: [$x]) @skip(if: true) { model } }`),
  ...["Int", "Float", "Float!"].map((type) => `query ($x: ${type}) { generate(options: {temperature: $x}) @skip(if: true) { text } }`),
  ...["String", 'String = "a"', "String!"].map(
    (type) => `query ($x: ${type}) { generate(messages: [{role: $x, content: "a"}]) @skip(if: true) { text } }`),
  ...["MessageInput!", "[MessageInput!]", "[MessageInput]"].flatMap((type) => [
    `query ($x: ${type}) { generate(messages: $x) @skip(if: true) { text } }`,
    `query ($x: ${type}) { generate(messages: [$x]) @skip(if: true) { text } }`,
  ]),
  'query ($x: Boolean) { embed(input: "a", truncate: $x) @skip(if: true) { model } }',
];

const directives = [
  "{ __typename @skip(if: true) }", "{ __typename @skip }", "{ __typename @skip() }", "{ __typename @skip(if: 1) }",
  "{ __typename @skip(if: null) }", "{ __typename @skip(unless: true) }", "{ __typename @skip(if: true, if: true) }",
  "{ __typename @skip(if: true) @skip(if: true) }", "{ __typename @skip(if: true) @include(if: true) }", "{ __typename @nothing }",
  "{ __typename @deprecated }", "{ __typename @ skip(if: true) }", "{ @skip(if: true) __typename }",
  "query @skip(if: true) { __typename }", "query Q @include(if: true) { __typename }", "query @nothing { __typename }",
  "{ ...f } fragment f on Query @skip(if: true) { __typename }", "{ ...f @skip(if: true) } fragment f on Query { __typename }",
  "{ ... @skip(if: true) @skip(if: true) { __typename } }",
];

const embeds = (one, other) => `{ a: embed(${one}) @skip(if: true) { model } a: embed(${other}) @skip(if: true) { model } }`;
const samenames = [
  "{ a: __typename a: __typename }", "{ a: __typename a: models { name } }", "{ models { name } models { context } }",
  "{ models { a: name } models { a: context } }", "{ models { a: name a: context } }",
  '{ a: model(name: "x") { name } a: model(name: "x") { context } }', '{ a: model(name: "x") { name } a: model(name: "y") { name } }',
  '{ model(name: "x") { name } model(name: "x") { name } }', "{ a: __typename a: models @skip(if: true) { name } }",
  "{ ... @skip(if: true) { a: __typename } a: models { name } }",
  'query ($x: String!) { a: model(name: $x) { name } a: model(name: "a") { name } }',
  "query ($x: String!) { a: model(name: $x) { name } a: model(name: $x) { name } }",
  "query ($x: String!, $y: String!) { a: model(name: $x) { name } a: model(name: $y) { name } }",
  embeds('input: ["x", "y"]', 'input: ["y", "x"]'), embeds('input: ["x"]', 'input: "x"'),
  embeds('input: "x", truncate: true', 'truncate: true, input: "x"'), embeds('input: "x", truncate: false', 'input: "x"'),
  embeds('input: "x"', 'input: "\\u0078"'), embeds('input: "x"', 'input: """y"""'),
  "{ a: generate(options: {seed: 1, topK: 2}) @skip(if: true) { text } a: generate(options: {topK: 2, seed: 1}) @skip(if: true) { text } }",
  "{ a: generate(options: {seed: 1}) @skip(if: true) { text } a: generate(options: {topK: 1}) @skip(if: true) { text } }",
  "{ a: generate(options: {temperature: 1}) @skip(if: true) { text } a: generate(options: {temperature: 1.0}) @skip(if: true) { text } }",
  "{ ...f ...g } fragment f on Query { a: __typename } fragment g on Query { a: models { name } }",
  "{ models { ...f } models { ...g } } fragment f on Model { a: inputs { name } } fragment g on Model { a: inputs { name type } }",
  "{ models { ...f } models { ...g } } fragment f on Model { a: inputs { a: name } } fragment g on Model { a: inputs { a: type } }",
  "{ models { inputs { a: name } ... { inputs { a: type } } } }", "query A { __typename } query B { a: __typename a: models { name } }",
  '{ __type(name: "A") { a: fields(includeDeprecated: true) { name } a: fields { name } } }',
];

// Where we differ, and why.
const stricter = [
  "query ($x: Float = 1e999) { generate(options: {temperature: $x}) @skip(if: true) { text } }",  // no finite number
  "mutation { a }", "subscription S { a }",  // the reference refuses them when they run
];
const looser = [
  embeds('input: "x"', 'input: """x"""'),  // one value, written in two ways
];

// A value of the type that a variable has.
function sample(type) {
  if (isNonNullType(type)) return sample(type.ofType);
  if (isListType(type)) return [sample(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0].name;
  if (!isInputObjectType(type)) return {String: "a", Int: 1, Float: 1.5, Boolean: true}[type.name];
  const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
  return Object.fromEntries(required.map((field) => [field.name, sample(field.type)]));
}

const places = (errors) => errors.flatMap(({locations}) => locations ?? []).map(({line, column}) => `${line}:${column}`);

function judge(document) {
  let parsed;
  try {
    parsed = parse(document);
  } catch (error) {
    return {places: places([error])};
  }
  const errors = validate(schema, parsed);
  const operations = parsed.definitions.filter(({kind}) => kind === "OperationDefinition");
  const definitions = operations.flatMap(({variableDefinitions}) => variableDefinitions ?? []);
  const typed = definitions.map(({variable, type}) => [variable.name.value, typeFromAST(schema, type)]);
  return {
    places: errors.length > 0 ? places(errors) : undefined,
    operationName: operations.length > 1 ? operations[0].name?.value : undefined,
    variables: Object.fromEntries(typed.filter(([, type]) => isInputType(type)).map(([name, type]) => [name, sample(type)])),
  };
}

// Whether we refuse the document, and where: what fails later has a path.
async function ask(document, {operationName, variables} = {}) {
  const response = await fetch(process.env.SIXFOLD_URL + "/graphql", {
    method: "POST",
    headers: {Accept: "application/graphql-response+json"},
    body: JSON.stringify({query: document, operationName, variables}),
  });
  const answer = await response.json();
  const refusals = (answer.errors ?? []).filter(({path}) => path === undefined);
  assert.equal(response.status, refusals.length > 0 || document === "" ? 400 : 200, JSON.stringify([document, answer]));
  return {answer, refusals};
}

for (const [name, documents] of Object.entries(
  {lexical, numbers, strings, grammar, fields, inputs, fragments, variables, directives, samenames})) {
  test(`${name}: refused by both or by none, at the same place`, async () => {
    for (const document of documents) {
      const theirs = judge(document);
      const {answer, refusals} = await ask(document, theirs);
      const told = JSON.stringify({document, theirs: theirs.places ?? "valid", ours: answer});
      assert.equal(refusals.length > 0, theirs.places !== undefined, told);
      if (theirs.places === undefined || document === "") continue;
      for (const place of places(refusals.slice(0, 1))) assert.ok(theirs.places.includes(place), told);
    }
  });
}

test("where we differ", async () => {
  for (const document of stricter) {
    assert.equal(judge(document).places, undefined, document);
    assert.ok((await ask(document)).refusals.length > 0, document);
  }
  for (const document of looser) {
    assert.notEqual(judge(document).places, undefined, document);
    assert.equal((await ask(document)).refusals.length, 0, document);
  }
});
