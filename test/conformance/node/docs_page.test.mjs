// The page at /docs in a real browser: requests are sent from it and streams are shown as they come.  SIXFOLD_URL says
// where the server is; skipped without Debian's chromium.
import assert from "node:assert/strict";
import {existsSync, mkdirSync} from "node:fs";
import {after, before, test} from "node:test";
import {chromium} from "playwright-core";

const base = process.env.SIXFOLD_URL;
const executablePath = process.env.SIXFOLD_CHROMIUM ?? "/usr/bin/chromium";
const skip = existsSync(executablePath) ? false : `no browser: ${executablePath} is not there`;
const pictures = process.env.SIXFOLD_SCREENSHOTS;  // a folder to keep pictures of the page in
let browser;

before(async () => {
  if (!skip) browser = await chromium.launch({executablePath, args: ["--no-sandbox", "--disable-gpu"]});
});
after(() => browser?.close());

// A page on which every error of a script, and every request to elsewhere, fails the test.
async function open(path = "/docs", options = {}) {
  const page = await browser.newPage({viewport: {width: 1280, height: 900}, ...options});
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) page.problems.push(request.url());
  });
  await page.goto(base + path);
  await page.locator("#operations details").first().waitFor({state: "attached"});
  return page;
}
async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, {recursive: true});
  await page.screenshot({path: `${pictures}/${name}.png`});
}

test("every listed operation has a card, in groups, and nothing comes from elsewhere", {skip}, async () => {
  const page = await open();
  const document = await (await fetch(base + "/openapi.json")).json();
  const operations = Object.values(document.paths).flatMap((verbs) => Object.values(verbs));
  assert.equal(await page.locator("#operations details.card").count(), operations.length);
  const tags = new Set(operations.map((operation) => operation.tags[0]));
  assert.equal(await page.locator("#operations h3").count(), tags.size);
  assert.match(await page.locator("#about").textContent(), /million parameters/);
  await picture(page, "desktop");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a streamed answer is shown as it comes, with status, time and headers", {skip}, async () => {
  const page = await open("/docs#POST-v1-completions");
  const card = page.locator("#POST-v1-completions");
  assert.ok(await card.evaluate((node) => node.open), "the address opens the card");
  await card.locator("textarea").fill(JSON.stringify(
    {prompt: "Once upon a time", max_tokens: 400, temperature: 0, ignore_eos: true, stream: true}));
  // Every change of the text, to see that it grew.
  await card.locator("pre.text").evaluate((node) => {
    window.lengths = [];
    new MutationObserver(() => window.lengths.push(node.textContent.length)).observe(node, {childList: true, characterData: true, subtree: true});
  });
  await card.getByRole("button", {name: "Send"}).click();
  await card.getByText(/all after/).waitFor();
  const lengths = await page.evaluate(() => window.lengths);
  // How often depends on how busy the machine is: a browser that gets no turn finds much text at once.
  assert.ok(lengths.length >= 2, `the text grew ${lengths.length} times`);
  assert.ok(lengths.at(-1) > lengths[0]);
  assert.match(await card.locator(".status").textContent(), /200 OK.*first byte after \d+ ms.*all after \d+ ms.*\d+ events/);
  assert.match(await card.locator("pre").last().textContent(), /data: \[DONE\]/);
  await card.getByText("Headers", {exact: true}).click();
  assert.match(await card.locator(".more[open]").textContent(), /text\/event-stream/);
  await picture(page, "stream");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("errors are seen: of the server, of the body's text", {skip}, async () => {
  const page = await open("/docs#POST-predict");
  const card = page.locator("#POST-predict");
  const body = card.locator("textarea");
  await body.fill(`{"input": 5}`);
  await body.press("Control+Enter");
  await card.getByText("422").waitFor();
  assert.match(await card.locator("pre.bad").textContent(), /want a string, got 5/);
  await body.fill(`{"input": `);
  assert.match(await card.getByRole("alert").first().textContent(), /Not JSON/);
  await card.getByRole("button", {name: "Reset"}).click();
  await card.getByRole("button", {name: "Send"}).click();
  await card.getByText("200 OK").waitFor();
  assert.match(await card.locator("pre").last().textContent(), /"result":/);
  await picture(page, "predict");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("copy as curl gives a command that works", {skip}, async () => {
  const context = await browser.newContext();
  await context.grantPermissions(["clipboard-read", "clipboard-write"], {origin: base});
  const page = await context.newPage();
  await page.goto(base + "/docs#POST-predict");
  const card = page.locator("#POST-predict");
  await card.getByRole("button", {name: "Copy as curl"}).click();
  await card.getByText("Copied").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(command.startsWith(`curl '${base}/predict' \\\n`), command);
  assert.match(command, /-H 'Content-Type: application\/json'/);
  assert.match(command, /-d '\{/);
  await context.close();
});

test("the keyboard reaches everything: filter, card, request", {skip}, async () => {
  const page = await open();
  await page.locator("h1").click();
  await page.keyboard.press("/");
  await page.keyboard.type("graphql");
  assert.equal(await page.locator("#operations details.card:visible").count(), 1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const card = page.locator("#POST-graphql");
  assert.ok(await card.evaluate((node) => node.open));
  await card.locator("textarea").first().focus();
  await page.keyboard.press("Control+Enter");
  await card.getByText("200 OK").waitFor();
  assert.match(await card.locator("pre").last().textContent(), /"generate":/);
  await picture(page, "graphql");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the chat streams, and fits a phone, light and dark", {skip}, async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open("/docs", {viewport: {width: 390, height: 844}, colorScheme});
    await page.locator("#length").fill("20");
    await page.locator("#send").click();
    await page.locator("#speed").getByText(/first token after/).waitFor();
    assert.ok((await page.locator(".said.assistant").textContent()).length > 0);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, "nothing is wider than the screen");
    await picture(page, "phone-" + colorScheme);
    assert.deepEqual(page.problems, []);
    await page.close();
  }
});
