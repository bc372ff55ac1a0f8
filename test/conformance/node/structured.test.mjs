// Answers to random schemas, sampled as wildly as possible, judged by ajv; SIXFOLD_URL says where the server is.
import assert from "node:assert/strict";
import {test} from "node:test";
import Ajv from "ajv/dist/2020.js";

const base = process.env.SIXFOLD_URL;

// A generator of its own, so that a failure can be had again.
let state = 12345;
function pick(count) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % count;
}

function leaf() {
  const low = pick(200) - 100;
  return [
    {type: "null"},
    {type: "boolean"},
    {type: "integer", minimum: low, maximum: low + pick(500)},
    {type: "integer", multipleOf: 1 + pick(9), minimum: 0, maximum: 1000},
    {type: "number", exclusiveMinimum: -0.5, maximum: 12.25},
    {type: "string", minLength: pick(3), maxLength: 3 + pick(5)},
    {type: "string", pattern: "^[A-Z][a-z]{2,4}( \\d+)?$"},
    {enum: ["red", "gr\u00fcn", 7, null, [1, "two"], {k: "v"}]},
    {const: {a: 1.5, b: [false]}},
    {type: ["string", "null"], maxLength: 4},
  ][pick(10)];
}

function value(depth) {
  if (depth === 0) return leaf();
  switch (pick(6)) {
    case 0: return object(depth);
    case 1: return {type: "array", items: value(depth - 1), minItems: pick(2), maxItems: 2 + pick(2)};
    case 2: return {type: "array", prefixItems: [leaf(), leaf()], items: false, minItems: 1};
    case 3: return {anyOf: [value(depth - 1), leaf()]};
    case 4: return {allOf: [{type: "object", properties: {p: leaf()}, required: ["p"], maxProperties: 2},
                            {properties: {q: {type: "boolean"}}, additionalProperties: {type: ["null", "object", "string",
                              "number", "boolean", "array"], maxLength: 5, maxItems: 1, maxProperties: 1}}]};
    default: return leaf();
  }
}

function object(depth) {
  const schema = {type: "object", properties: {}, required: [], additionalProperties: false};
  for (let index = pick(4); index >= 0; --index) {
    const name = "abcd"[index] + (pick(4) === 0 ? "\"\u00e4" : "");
    schema.properties[name] = value(depth - 1);
    if (pick(2) === 0) schema.required.push(name);
  }
  if (pick(3) === 0) schema.patternProperties = {"^x_": {type: "integer", minimum: 0, maximum: 99}};
  if (pick(4) === 0) schema.maxProperties = schema.required.length + pick(3);
  return schema;
}

test("every finished answer to a random schema is valid", async () => {
  let finished = 0, refused = 0;
  for (let round = 0; round < 60; ++round) {
    const schema = object(2);
    const answer = await fetch(base + "/v1/completions", {
      method: "POST",
      body: JSON.stringify({prompt: "Once", json_schema: schema, max_tokens: 400, n: 3, temperature: 2, seed: round}),
    });
    const body = await answer.json();
    if (answer.status === 400 && /no value satisfies/.test(body.error.message)) {
      ++refused;
      continue;
    }
    assert.equal(answer.status, 200, JSON.stringify(body) + JSON.stringify(schema));
    const validate = new Ajv({strict: false}).compile(schema);
    for (const choice of body.choices) {
      if (choice.finish_reason !== "stop") continue;
      assert.ok(validate(JSON.parse(choice.text)), choice.text + "\n" + JSON.stringify(schema));
      ++finished;
    }
  }
  console.log(`${finished} answers were finished and valid; ${refused} schemas have no value`);
  assert.ok(finished >= 60);
});
