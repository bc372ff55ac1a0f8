// The official ollama client against a running server; SIXFOLD_URL says where, SIXFOLD_TINY_ENCODER_URL where a model is
// that makes embeddings.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Ollama} from "ollama";

const client = new Ollama({host: process.env.SIXFOLD_URL});
const encoder = new Ollama({host: process.env.SIXFOLD_TINY_ENCODER_URL});
const model = "default";
const messages = [{role: "user", content: "Once upon a time"}];

async function metric(...parts) {
  const page = await (await fetch(process.env.SIXFOLD_URL + "/metrics")).text();
  const line = page.split("\n").find((text) => !text.startsWith("#") && parts.every((part) => text.includes(part)));
  return line === undefined ? undefined : Number(line.split(" ").pop());
}

function check_costs(answer) {
  assert.equal(answer.done, true);
  for (const name of ["total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count",
                      "eval_duration"]) {
    assert.equal(typeof answer[name], "number", name);
  }
  assert.ok(answer.total_duration >= answer.eval_duration, "nanoseconds of the whole request");
  assert.ok(!Number.isNaN(Date.parse(answer.created_at)));
}

test("generate, whole and streamed, says the same for one seed", async () => {
  const options = {seed: 7, temperature: 0.9, num_predict: 24};
  const whole = await client.generate({model, prompt: "Once upon a time", options});
  assert.equal(typeof whole.response, "string");
  assert.equal(whole.done_reason, "length");
  assert.equal(whole.eval_count, 24);
  check_costs(whole);
  let text = "", last;
  for await (const part of await client.generate({model, prompt: "Once upon a time", options, stream: true})) {
    assert.equal(part.model, model);
    text += part.response;
    last = part;
  }
  assert.equal(text, whole.response);
  assert.deepEqual(last.context, whole.context);
  check_costs(last);
});

test("options change the answer as they say", async () => {
  const ask = async (options) => (await client.generate({model, prompt: "The", raw: true, options})).response;
  const greedy = await ask({temperature: 0, num_predict: 12});
  assert.equal(await ask({temperature: 5, top_k: 1, num_predict: 12}), greedy, "the likeliest of one");
  const stop = greedy.slice(4, 7);
  assert.equal(await ask({temperature: 0, num_predict: 12, stop: [stop]}), greedy.slice(0, greedy.indexOf(stop)));
  assert.notEqual(await ask({temperature: 0, num_predict: 12, repeat_penalty: 5}), greedy);
});

test("a context goes on from an earlier answer", async () => {
  const options = {temperature: 0, num_predict: 8};
  const first = await client.generate({model, prompt: "Once upon a time", options});
  assert.ok(first.context.length > 8);
  const second = await client.generate({model, prompt: " and", context: first.context, options});
  assert.ok(second.context.length > first.context.length);
  assert.deepEqual(second.context.slice(0, first.context.length), first.context);
});

test("chat, whole and streamed", async () => {
  const options = {temperature: 0, num_predict: 12};
  const whole = await client.chat({model, messages, options});
  assert.equal(whole.message.role, "assistant");
  check_costs(whole);
  let text = "";
  for await (const part of await client.chat({model, messages, options, stream: true})) {
    assert.equal(part.message.role, "assistant");
    text += part.message.content;
  }
  assert.equal(text, whole.message.content);
});

test("aborting a stream frees the engine", async () => {
  const cancelled = async () => (await metric("sixfold_requests_finished_total", 'reason="cancel"')) ?? 0;
  const before = await cancelled();
  // The built-in model's end is rare at a high temperature, so the stream would run for long.
  const stream = await client.generate(
    {model, prompt: "Once", raw: true, stream: true, options: {num_predict: 400, temperature: 2, seed: 1}});
  await assert.rejects(async () => {
    for await (const part of stream) {
      if (part.response) stream.abort();
    }
  }, {name: "AbortError"});
  const end = Date.now() + 30_000;
  while (await cancelled() !== before + 1) {
    assert.ok(Date.now() < end, "the request was not cancelled within 30 s after its client left");
  }
});

test("list, show, ps and version", async () => {
  const {models} = await client.list();
  assert.equal(models.length, 1);
  const shown = await client.show({model: models[0].name});
  assert.ok(shown.capabilities.includes("completion"));
  assert.equal(shown.model_info["general.architecture"], shown.details.family);
  const running = await client.ps();
  assert.equal(running.models[0].name, models[0].name);
  assert.ok(new Date(running.models[0].expires_at) > new Date());
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
});

test("embed one text and several", async () => {
  const one = await encoder.embed({model, input: "the cat is here"});
  const several = await encoder.embed({model, input: ["it rains .", "the cat is here"]});
  assert.equal(several.embeddings.length, 2);
  assert.deepEqual(several.embeddings[1], one.embeddings[0], "the same bits alone or among others");
  assert.ok(Math.abs(Math.hypot(...one.embeddings[0]) - 1) < 1e-6, "of length 1");
  const short = await encoder.embed({model, input: "the cat is here", dimensions: 4});
  assert.equal(short.embeddings[0].length, 4);
  const old = await encoder.embeddings({model, prompt: "the cat is here"});
  assert.deepEqual(old.embedding, one.embeddings[0]);
  assert.ok((await encoder.show({model})).capabilities.includes("embedding"));
});

test("errors reach the client as texts with a status", async () => {
  await assert.rejects(client.generate({model: "nothing", prompt: "a"}),
                       {name: "ResponseError", status_code: 404, message: /"nothing" does not exist/});
  await assert.rejects(client.chat({model, messages, options: {temperature: 99}}),
                       {name: "ResponseError", status_code: 400, message: /options.temperature/});
  await assert.rejects(client.generate({model, prompt: "a", stream: true, images: ["aGk="]}),
                       {name: "ResponseError", status_code: 400, message: /images are not supported/});
  await assert.rejects(encoder.generate({model, prompt: "a"}), {message: /does not generate text/});
  await assert.rejects(client.pull({model: "smollm2-135m"}), {status_code: 403});
  await assert.rejects(client.delete({model}), {status_code: 403});
});
