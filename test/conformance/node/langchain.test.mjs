// LangChain's OpenAI integration against a running server.
import assert from "node:assert/strict";
import {test} from "node:test";
import {HumanMessage, SystemMessage} from "@langchain/core/messages";
import {ChatOpenAI, OpenAIEmbeddings} from "@langchain/openai";

const configuration = {baseURL: process.env.SIXFOLD_URL + "/v1"};
const chat = new ChatOpenAI(
  {configuration, apiKey: "unused", model: "default", temperature: 0, maxTokens: 12, maxRetries: 0});
const prompt = [new SystemMessage("Be brief."), new HumanMessage("Once upon a time")];

test("invoke", async () => {
  const answer = await chat.invoke(prompt);
  assert.equal(typeof answer.content, "string");
  assert.equal(answer.usage_metadata.output_tokens <= 12, true);
  assert.ok(["stop", "length"].includes(answer.response_metadata.finish_reason));
});

test("stream says the same", async () => {
  const whole = await chat.invoke(prompt);
  let text = "";
  for await (const chunk of await chat.stream(prompt)) text += chunk.content;
  assert.equal(text, whole.content);
});

test("batch", async () => {
  const answers = await chat.batch(["Once", "The"]);
  assert.equal(answers.length, 2);
});

test("embeddings", async () => {
  const embeddings = new OpenAIEmbeddings({
    configuration: {baseURL: process.env.SIXFOLD_TINY_ENCODER_URL + "/v1"}, apiKey: "unused", model: "default",
    maxRetries: 0});
  const one = await embeddings.embedQuery("the cat is here");
  const several = await embeddings.embedDocuments(["it rains .", "the cat is here"]);
  assert.equal(several.length, 2);
  assert.deepEqual(several[1], one);
});

test("errors name the field", async () => {
  const wrong = new ChatOpenAI(
    {configuration, apiKey: "unused", model: "default", temperature: 99, maxRetries: 0});
  await assert.rejects(wrong.invoke("Once"), /temperature/);
});
