// Writes tokenizer.json files of every stage that we read, with what the real library makes of some texts.
// usage: node make_cases.mjs OUT.json [EXTRA_STRINGS.json]
import fs from "node:fs";
import tokenizers from "tokenizers";

const MARK = "\u2581";
const words = ["hello", "world", "the", "quick", "brown", "fox", "unwanted", "running", "caf\u00e9", "\u4e2d\u6587",
  "123", "I'll", "na\u00efve", "Stra\u00dfe", "\ud55c\uad6d\uc5b4"];
const ownTexts = ["", " ", "Hello world", "  hello   the quick\tbrown\nfox  ", "I'll pay 12345, ok?", "caf\u00e9 cafe\u0301 CAF\u00c9",
  "\u4e2d\u6587 \u65e5\u672c\u8a9e", "a<tool>b <tool>c", "<|end|>hello<|end|> the", "x <mask> y<mask>z", "Day day yesterday Day's",
  "\ufb01ne \u2460\u00bd \uff21\uff22", "\u0130stanbul \u03a3\u03a3", "\ud83d\ude00\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67", "a-b--c-", "  ", "\u200bzero\u200c width\u00ad",
  "hello,world!! (foo) [bar]", "unwantedrunning xyzzy", "\ud55c\uad6d\uc5b4 hello", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "don't do not . , !", "a".repeat(130),
  "\u0000\u0001\u007f\u0085\u00a0\u2028", "\u2581hello \u2581", "hello the the the", "\r\n\r\nx\r\n", "1a2b3c \u0661\u0662\u0663", "_under_score__"];

// Every character of the texts, every word's prefixes, and merges that lead to them.
function bpe(texts, map, options = {}) {
  const prefix = options.continuing_subword_prefix ?? "", suffix = options.end_of_word_suffix ?? "";
  const vocab = new Map(), merges = [];
  const add = (token) => { if (!vocab.has(token)) vocab.set(token, vocab.size); };
  if (options.unk_token) add(options.unk_token);
  if (options.byte_fallback) for (let b = 0; b < 256; ++b) add(`<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);
  const decorate = (c, i, n) => (i > 0 ? prefix : "") + c + (i === n - 1 ? suffix : "");
  for (const word of words.flatMap((w) => [w, " " + w])) {
    const characters = [...map(word)];
    const symbols = characters.map((c, i) => decorate(c, i, characters.length));
    for (const c of characters) for (const d of [c, prefix + c, c + suffix, prefix + c + suffix]) add(d);
    for (let i = 1; i < symbols.length; ++i) {
      const left = symbols.slice(0, i).map((s, at) => at > 0 ? s.slice(prefix.length) : s).join("");
      const joined = left + symbols[i].slice(prefix.length);
      if (!vocab.has(joined)) { add(joined); merges.push([left, symbols[i]]); }
    }
  }
  return {type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
    fuse_unk: false, byte_fallback: false, ignore_merges: false, ...options, vocab: Object.fromEntries(vocab), merges};
}
const bytes = [];
for (let b = 0, next = 256; b < 256; ++b) {
  const printable = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  bytes.push(String.fromCodePoint(printable ? b : next++));
}
const byteLevel = (text) => [...Buffer.from(text)].map((b) => bytes[b]).join("");
function byteLevelBpe(options = {}) {
  const model = bpe(words, byteLevel, options);
  for (const letter of bytes) if (!(letter in model.vocab)) model.vocab[letter] = Object.keys(model.vocab).length;
  return model;
}
const spaced = (text) => text.replaceAll(" ", MARK);
function unigram(options = {}) {
  const vocab = [["<unk>", 0], ["<s>", 0], ["</s>", 0]], seen = new Set(["<unk>"]);
  if (options.byte_fallback) for (let b = 0; b < 256; ++b) vocab.push([`<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`, 0]);
  let score = -2;
  for (const word of words) for (const text of [MARK + word, word]) for (let i = 0; i < text.length; ++i) for (let j = i + 1; j <= text.length; ++j) {
    const piece = text.slice(i, j);
    if (seen.has(piece) || /[\ud800-\udfff]/.test(piece) || (i * 7 + j * 3) % 5 === 1 && piece.length > 1) continue;
    seen.add(piece);
    vocab.push([piece, score -= 0.013]);
  }
  return {type: "Unigram", unk_id: 0, byte_fallback: false, ...options, vocab};
}
function wordPiece(options = {}) {
  const vocab = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2};
  const add = (t) => { if (!(t in vocab)) vocab[t] = Object.keys(vocab).length; };
  for (const word of [...words, ...words.map((w) => w.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "")), ..."!?,.()-'[]$<>_|/"]) {
    const c = [...word];
    for (let i = 0; i < c.length; ++i) { add((i ? "##" : "") + c[i]); add(c.slice(0, i + 1).join("")); if (i > 1) add("##" + c.slice(i - 1, i + 1).join("")); }
  }
  return {type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, ...options, vocab};
}
const wordLevel = () => ({type: "WordLevel", unk_token: "[UNK]", vocab: Object.fromEntries(["[UNK]", ...words, "Hello", ",", "!", " ", "\n", "12345", "-", "I", "ll", "'"].map((w, i) => [w, i]))});

const added = (content, options = {}) => ({content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false, ...options});
const defaultAdded = [added("<tool>"), added("<|end|>", {special: true}), added("<mask>", {special: true, lstrip: true}), added("day", {normalized: true, single_word: true}), added("the the", {rstrip: true})];
const clsSep = {type: "TemplateProcessing", single: [{SpecialToken: {id: "c", type_id: 0}}, {Sequence: {id: "A", type_id: 0}}, {SpecialToken: {id: "s", type_id: 0}}],
  pair: [{SpecialToken: {id: "c", type_id: 0}}, {Sequence: {id: "A", type_id: 0}}, {SpecialToken: {id: "s", type_id: 0}}, {Sequence: {id: "B", type_id: 1}}, {SpecialToken: {id: "s", type_id: 1}}], special_tokens: {c: {id: "c", ids: [1, 2], tokens: ["a", "b"]}, s: {id: "s", ids: [2], tokens: ["b"]}}};
const seq = (key, type, ...list) => ({type, [key]: list});
const norm = (...list) => seq("normalizers", "Sequence", ...list);
const pre = (...list) => seq("pretokenizers", "Sequence", ...list);
const dec = (...list) => seq("decoders", "Sequence", ...list);
const split = (pattern, behavior, invert = false) => ({type: "Split", pattern, behavior, invert});
const bl = {type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true};
const blPlain = {...bl, use_regex: false};
const replaceSpace = {type: "Replace", pattern: {String: " "}, content: MARK};
const llamaDecoder = dec({type: "Replace", pattern: {String: MARK}, content: " "}, {type: "ByteFallback"}, {type: "Fuse"}, {type: "Strip", content: " ", start: 1, stop: 0});
const metaspace = (options = {}) => ({type: "Metaspace", replacement: MARK, prepend_scheme: "always", split: true, ...options});
const fallback = {unk_token: "<unk>", byte_fallback: true, fuse_unk: true};
const llama3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

// name: [normalizer, pre-tokenizer, model, post-processor, decoder]
const files = {
  gpt2: [null, bl, byteLevelBpe(), bl, bl],
  gpt2_prefix_space: [null, {...bl, add_prefix_space: true}, byteLevelBpe(), {type: "RobertaProcessing", sep: ["a", 2], cls: ["b", 0], trim_offsets: true, add_prefix_space: true}, bl],
  llama3: [null, pre(split({Regex: llama3}, "Isolated"), blPlain), byteLevelBpe({ignore_merges: true}), seq("processors", "Sequence", bl, clsSep), bl],
  qwen: [{type: "NFC"}, pre(split({Regex: llama3.replace("{1,3}", "")}, "Isolated"), blPlain), byteLevelBpe(), bl, bl],
  starcoder: [null, pre({type: "Digits", individual_digits: true}, bl), byteLevelBpe(), bl, bl],
  llama2: [norm({type: "Prepend", prepend: MARK}, replaceSpace), null, bpe(words, spaced, fallback), clsSep, llamaDecoder],
  gemma: [replaceSpace, split({String: " "}, "MergedWithPrevious"), bpe(words, spaced, fallback), clsSep, dec({type: "Replace", pattern: {String: MARK}, content: " "}, {type: "ByteFallback"}, {type: "Fuse"})],
  mistral_first: [null, metaspace({prepend_scheme: "first", split: false}), bpe(words, spaced, fallback), null, llamaDecoder],
  bpe_unknown: [null, {type: "Whitespace"}, bpe(words, (t) => t, {unk_token: "<unk>"}), null, null],
  bpe_fused: [{type: "Lowercase"}, {type: "WhitespaceSplit"}, bpe(words, (t) => t, {unk_token: "<unk>", fuse_unk: true}), null, null],
  clip: [norm({type: "NFC"}, {type: "Replace", pattern: {Regex: "\\s+"}, content: " "}, {type: "Lowercase"}), pre(split({Regex: "'s|'t|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "Removed", true)), bpe(words, (t) => t, {end_of_word_suffix: "</w>", unk_token: "<unk>"}), null, {type: "BPEDecoder", suffix: "</w>"}],
  bpe_prefix: [null, {type: "BertPreTokenizer"}, bpe(words, (t) => t, {continuing_subword_prefix: "##", unk_token: "<unk>"}), null, {type: "WordPiece", prefix: "##", cleanup: false}],
  t5: [norm({type: "NFKC"}, {type: "Replace", pattern: {Regex: " {2,}"}, content: " "}), metaspace(), unigram(), clsSep, metaspace()],
  xlmr: [norm({type: "Nmt"}, {type: "NFKC"}, {type: "Strip", strip_left: false, strip_right: true}, {type: "Replace", pattern: {Regex: " {2,}"}, content: MARK}), pre({type: "WhitespaceSplit"}, metaspace()), unigram(), clsSep, metaspace()],
  unigram_bytes: [null, metaspace({prepend_scheme: "never"}), unigram({byte_fallback: true}), null, llamaDecoder],
  bert: [{type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true}, {type: "BertPreTokenizer"}, wordPiece(), {type: "BertProcessing", sep: ["[SEP]", 2], cls: ["[CLS]", 1]}, {type: "WordPiece", prefix: "##", cleanup: true}],
  bert_cased: [{type: "BertNormalizer", clean_text: false, handle_chinese_chars: false, strip_accents: true, lowercase: false}, {type: "BertPreTokenizer"}, wordPiece({max_input_chars_per_word: 5}), clsSep, {type: "WordPiece", prefix: "##", cleanup: false}],
  accents: [norm({type: "NFD"}, {type: "StripAccents"}, {type: "Lowercase"}), {type: "Whitespace"}, wordPiece(), null, null],
  nfkd: [norm({type: "NFKD"}, {type: "Strip", strip_left: true, strip_right: true}), pre({type: "WhitespaceSplit"}, {type: "Punctuation", behavior: "Contiguous"}), wordPiece(), null, null],
  words: [null, {type: "Whitespace"}, wordLevel(), null, null],
  delimiter: [null, {type: "CharDelimiterSplit", delimiter: "-"}, wordLevel(), null, null],
  digits: [null, pre({type: "Digits", individual_digits: false}, {type: "WhitespaceSplit"}), wordPiece(), null, null],
};
for (const behavior of ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]) {
  for (const invert of [false, true]) {
    files[`split_${behavior}_${invert}`] = [null, split({Regex: "[\\s-]"}, behavior, invert), bpe([], (t) => t, {unk_token: "<unk>"}), null, null];
  }
  files[`punctuation_${behavior}`] = [null, {type: "Punctuation", behavior}, wordPiece(), null, null];
}

const texts = [...ownTexts];
if (process.argv[3]) {
  for (const row of JSON.parse(fs.readFileSync(process.argv[3]))) if (row.valid_utf8) texts.push(Buffer.from(row.hex, "hex").toString());
}
const cases = [];
for (const [name, [normalizer, pre_tokenizer, model, post_processor, decoder]] of Object.entries(files)) {
  const size = Array.isArray(model.vocab) ? model.vocab.length : Object.keys(model.vocab).length;
  const json = JSON.stringify({version: "1.0", truncation: null, padding: null, added_tokens: defaultAdded.map((t, i) => ({id: size + i, ...t})),
    normalizer, pre_tokenizer, post_processor, decoder, model});
  const tokenizer = tokenizers.Tokenizer.fromString(json);
  const rows = [];
  for (const text of texts) {
    const plain = (await tokenizer.encode(text, null, {addSpecialTokens: false})).getIds();
    const full = (await tokenizer.encode(text, null, {addSpecialTokens: true})).getIds();
    rows.push({text, ids: plain, ids_special: full, decoded: plain.length ? await tokenizer.decode(plain, true) : ""});
  }
  const pairs = [];
  for (const [first, second] of [["hello world", "the quick"], ["", "hello"], ["caf\u00e9 <tool>", ""], [" 123 ", " \u4e2d\u6587"]]) {
    const encoding = await tokenizer.encode(first, second, {addSpecialTokens: true});
    pairs.push({first, second, ids: encoding.getIds(), types: encoding.getTypeIds()});
  }
  cases.push({name, json, rows, pairs});
}
fs.writeFileSync(process.argv[2], JSON.stringify(cases));
