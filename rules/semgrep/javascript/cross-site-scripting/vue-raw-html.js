import { h } from "vue";

export const Banner = {
  render() {
    // ruleid: javascript-vue-raw-html
    return h("div", { innerHTML: this.text });
  },
};

export const Help = {
  // ruleid: javascript-vue-raw-html
  template: '<section v-html="content"></section>',
};

export const Clean = {
  render() {
    // ok: javascript-vue-raw-html
    return h("div", { innerHTML: DOMPurify.sanitize(this.text) });
  },
};

export const Tip = {
  // ok: javascript-vue-raw-html
  template: "<section>{{ content }}</section>",
};
