// ruleid: javascript-regex-catastrophic
const WORDS = /^(\w+\s?)*$/;
// ruleid: javascript-regex-catastrophic
const MAIL = /^([a-zA-Z0-9]+)*@example\.com$/;
// ruleid: javascript-regex-catastrophic
const LETTERS = new RegExp("^(a+)+$");
// ruleid: javascript-regex-catastrophic
const DIGITS = /^(\d|\w)+$/.test("1");
// ok: javascript-regex-catastrophic
const ZIP = /^\d{5}(-\d{4})?$/;
// ok: javascript-regex-catastrophic
const HOST = /^[a-z0-9]+(\.[a-z0-9]+)*$/;
// ok: javascript-regex-catastrophic
const LIST = /^(\d+,)*\d+$/;
// ok: javascript-regex-catastrophic
const NAME = /^\w+$/;

module.exports = { WORDS, MAIL, LETTERS, DIGITS, ZIP, HOST, LIST, NAME };
