// The words of the page in both languages, and which of them is shown.
import { follow, set, setting } from "./store.js";

const WORDS = {
  zh: {
    language: "English", dark: "深色", light: "浅色",
    conversation: "对话", conversations: "会话", new: "新对话", history: "历史", export: "导出",
    question: "问题", placeholder: "输入问题，按回车发送", ask: "提问", stop: "停止",
    source: "原文", whole: "全文", table: "表格", previous: "上一处", next: "下一处", alone: "单独打开", close: "关闭",
    historyKept: "对话只保存在这个浏览器里。", noHistory: "还没有对话。", clear: "全部清除", clearWhat: "清除这个浏览器里的全部对话？清除了就没有了。", remove: "删除",
    exportWhat: "把这次对话连同引用的段落存成一个文件。", exportHtml: "网页 HTML", exportMarkdown: "Markdown",
    welcome: "每句话都能点开原文", welcomeMore: "答案只用知识库里的内容；没有的，就直说没有。", try: "可以这样问",
    loading: "正在打开…", searching: "正在查找…", writing: "正在回答…",
    grounded: "有据", partial: "部分有据", refused: "未找到",
    sure: "把握大", fairly: "把握中等", unsure: "把握小", passages: (n) => `${n} 处出处`,
    searched: (text) => `按这个问题查找：${text}`, nearest: "可能相关的原文", page: (n) => `第 ${n} 页`,
    citation: (n, title) => `出处 ${n}：${title}`, mended: "出处已更正",
    unsupported: (why) => `无依据：${why}`, unresolved: (n) => `模型引用的 ${n} 号段落不存在`,
    copy: "复制", copyMarkdown: "复制 Markdown", share: "分享", retry: "重试", edit: "修改", send: "发送", cancel: "取消",
    editBelow: "改了问题，下面的问答就不再接着它；原来的对话留在“历史”里。",
    good: "有用", bad: "没用", thanks: "谢谢，已记下。", whatIsWrong: "哪里不对？（答案会记在本站，不记是谁）",
    reasons: { wrong: "答错了", incomplete: "不完整", "wrong source": "出处不对",
      "should be refused": "本不该回答", "should be answered": "本该能回答" },
    copied: "已复制。", notCopied: "没能复制，请手动选取。", link: "链接", linkCopied: "链接已复制：", saved: "已存成文件。",
    follow: "接着问", stopped: "已停止。", failed: "没有答成：",
    lost: "连接断了，正在重连…", unreachable: "连不上，请再试。", back: "已重新连接。", lostAnswer: "连接断了，这个回答没有收完；请重试。",
    rebuilding: "正在更新索引；可以照常提问。", building: "正在建索引…", rebuildFailed: (why) => `上次重建没有完成：${why}`,
    missing: "还没有索引", missingMore: "把文档放进 kb/，在服务器上运行：", missingThen: "建好后，这个页面会自动可用。",
    tooLong: (n, most) => `有 ${n} 字，最多 ${most} 字，请缩短。`,
    badLink: "没有这个分享的回答；链接可能不完整。",
    shared: (version) => `分享的回答，出自索引版本 ${version}。`,
    index: (one) => `${one.documents} 篇文档 · ${one.passages} 段 · 版本 ${one.index_version}`,
    done: (verdict, note) => `回答完毕，${verdict}。${note}`,
  },
  en: {
    language: "中文", dark: "Dark", light: "Light",
    conversation: "Conversation", conversations: "Conversations", new: "New", history: "History", export: "Export",
    question: "Question", placeholder: "Ask a question, Enter sends it", ask: "Ask", stop: "Stop",
    source: "Source", whole: "Whole document", table: "Table", previous: "Previous citation", next: "Next citation", alone: "Open alone", close: "Close",
    historyKept: "Conversations are kept in this browser only.", noHistory: "No conversation yet.",
    clear: "Clear all", clearWhat: "Clear all conversations of this browser? They cannot be taken back.", remove: "Delete",
    exportWhat: "Save this conversation with the passages it cites as one file.",
    exportHtml: "Web page (HTML)", exportMarkdown: "Markdown",
    welcome: "Every sentence opens its source",
    welcomeMore: "Answers come from the knowledge base alone; what it does not hold, it says so.", try: "Try",
    loading: "Opening…", searching: "Searching…", writing: "Answering…",
    grounded: "Grounded", partial: "Partly grounded", refused: "Not found",
    sure: "high confidence", fairly: "medium confidence", unsure: "low confidence",
    passages: (n) => (n === 1 ? "1 source" : `${n} sources`),
    searched: (text) => `Searched for: ${text}`, nearest: "Possibly related", page: (n) => `page ${n}`,
    citation: (n, title) => `Source ${n}: ${title}`, mended: "citation corrected",
    unsupported: (why) => `unsupported: ${why}`, unresolved: (n) => `the model cites passage ${n}, which does not exist`,
    copy: "Copy", copyMarkdown: "Copy Markdown", share: "Share", retry: "Retry", edit: "Edit", send: "Send",
    cancel: "Cancel", editBelow: "What stands below will no longer follow from it; the conversation as it was stays in History.",
    good: "Helpful", bad: "Not helpful", thanks: "Thank you, noted.",
    whatIsWrong: "What is wrong? (The answer is noted on this site, not who you are.)",
    reasons: { wrong: "Wrong", incomplete: "Incomplete", "wrong source": "Wrong source",
      "should be refused": "Should be refused", "should be answered": "Should be answered" },
    copied: "Copied.", notCopied: "Could not copy: select it by hand.", link: "Link", linkCopied: "Link copied:",
    saved: "Saved as a file.",
    follow: "Ask next", stopped: "Stopped.", failed: "No answer: ",
    lost: "Connection lost, trying again…", unreachable: "Could not connect: try again.", back: "Connected again.",
    lostAnswer: "The connection broke before the whole answer had come: retry.",
    building: "The index is being built…",
    rebuilding: "The index is being brought up to date; you can go on asking.",
    rebuildFailed: (why) => `The last rebuild did not finish: ${why}`,
    missing: "No index yet", missingMore: "Put documents into kb/ and run this on the server:",
    missingThen: "This page comes alive when it is built.",
    tooLong: (n, most) => `${n} characters, at most ${most}: shorten it.`,
    badLink: "There is no such shared answer: the link may be cut short.",
    shared: (version) => `A shared answer, of index version ${version}.`,
    index: (one) => `${one.documents} document${one.documents === 1 ? "" : "s"} · ${one.passages} passages · version ${one.index_version}`,
    done: (verdict, note) => `Answered, ${verdict}. ${note} `,
  },
};

// The words of a part of its own: {zh: {…}, en: {…}}.
export function add(more) {
  for (const code of Object.keys(WORDS)) Object.assign(WORDS[code], more[code]);
}

const STORED = "jiawen.language";

export function language() {
  const chosen = setting(STORED);
  return chosen in WORDS ? chosen : navigator.language.startsWith("zh") ? "zh" : "en";
}

// For a screen reader: the language that a text of the documents, the reader or the model is in.
export function languageOf(text) {
  return /[\u3400-\u9fff]/.test(text) ? "zh" : "en";
}

const changed = () => document.dispatchEvent(new Event("jiawen:language"));
follow(STORED, changed);

export function choose(code) {
  set(STORED, code);
  changed();
}

// The word of that name; one that takes values is called with them.
export function say(name, ...values) {
  const word = WORDS[language()][name];
  return typeof word === "function" ? word(...values) : word;
}

// Messages of the server read `中文 | English`; several of them are joined by ；
export function half(message) {
  const [chinese, english] = message.split(" | ");
  return language() === "zh" || !english ? chinese : english;
}

export function halves(note) {
  return note.split(/；(?=[^|]* \| )/).map(half).join(language() === "zh" ? "；" : "; ");
}

// Fills in the words of everything inside `root` that names one.
export function translate(root) {
  document.documentElement.lang = language();
  for (const one of root.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of root.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
  for (const one of root.querySelectorAll("[data-placeholder]")) one.placeholder = say(one.dataset.placeholder);
}
