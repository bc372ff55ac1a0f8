// The OpenAPI document against OpenAPI's own schema, and its examples against the server; SIXFOLD_URL says where.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Validator} from "@seriousme/openapi-schema-validator";

const base = process.env.SIXFOLD_URL;

for (const [name, url] of [["a model of text", base], ["an encoder", process.env.SIXFOLD_ENCODER_URL]]) {
  test(`the document of ${name} is valid`, {skip: url ? false : "SIXFOLD_TESTDATA is not set"}, async () => {
    const document = await (await fetch(url + "/openapi.json")).json();
    const result = await new Validator().validate(structuredClone(document));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
    assert.equal(document.openapi, "3.1.0");
  });
}

test("every operation has a summary, a tag and answers, and every body an example", async () => {
  const document = await (await fetch(base + "/openapi.json")).json();
  for (const [path, verbs] of Object.entries(document.paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      assert.ok(operation.summary && operation.tags?.length === 1 && operation.responses["200"], `${verb} ${path}`);
      const reference = operation.requestBody?.content["application/json"]?.schema.$ref;
      if (reference) {
        const schema = document.components.schemas[reference.split("/").pop()];
        assert.ok(schema.example, `${verb} ${path} has no example`);
      }
    }
  }
});
