// The official openai client's embeddings against a running encoder; SIXFOLD_ENCODER_URL says where, if there is one.
import assert from "node:assert/strict";
import {test} from "node:test";
import OpenAI from "openai";

const base = process.env.SIXFOLD_ENCODER_URL;
const skip = base ? false : "no encoder: SIXFOLD_TESTDATA is not set";
const client = new OpenAI({baseURL: base + "/v1", apiKey: "unused", maxRetries: 0});
const model = "default";

function cosine(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

test("embeddings of one text and of several", {skip}, async () => {
  const one = await client.embeddings.create({model, input: "the cat sat"});
  assert.equal(one.object, "list");
  assert.equal(one.data[0].object, "embedding");
  assert.ok(one.usage.prompt_tokens > 2);
  assert.ok(Math.abs(cosine(one.data[0].embedding, one.data[0].embedding) - 1) < 1e-6, "of length 1");
  const several = await client.embeddings.create({model, input: ["a dog", "the cat sat"]});
  assert.deepEqual(several.data.map((entry) => entry.index), [0, 1]);
  assert.deepEqual(several.data[1].embedding, one.data[0].embedding, "the same bits alone or among others");
});

test("numbers and base64 say the same", {skip}, async () => {
  // The client asks for base64 unless it is told otherwise.
  const base64 = await client.embeddings.create({model, input: "the cat sat"});
  const numbers = await client.embeddings.create({model, input: "the cat sat", encoding_format: "float"});
  assert.deepEqual(numbers.data[0].embedding.map(Math.fround), base64.data[0].embedding);
});

test("token ids and fewer dimensions", {skip}, async () => {
  const whole = await client.embeddings.create({model, input: [[2, 10, 11, 3]]});
  const short = await client.embeddings.create({model, input: [[2, 10, 11, 3]], dimensions: 8});
  assert.equal(short.data[0].embedding.length, 8);
  const length = Math.hypot(...whole.data[0].embedding.slice(0, 8));
  assert.ok(Math.abs(short.data[0].embedding[0] - whole.data[0].embedding[0] / length) < 1e-6);
});

test("a text that is too long, and generating, raise BadRequestError", {skip}, async () => {
  await assert.rejects(client.embeddings.create({model, input: "cat ".repeat(1000)}), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, "context_length_exceeded");
    return true;
  });
  await assert.rejects(client.completions.create({model, prompt: "a"}), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.match(error.message, /does not generate text; it makes embeddings/);
    return true;
  });
});
