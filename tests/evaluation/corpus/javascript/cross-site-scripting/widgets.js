import DOMPurify from 'dompurify';
import $ from 'jquery';
import Vue, { h } from 'vue';

const params = new URLSearchParams(window.location.search);
const panel = document.getElementById('panel');
const ORIGIN = 'https://shop.example.com';

// case: vulnerable
export function showTitle() {
  panel.innerHTML = '<h2>' + params.get('title') + '</h2>';
}

// case: safe (text node)
export function showSubtitle() {
  const heading = document.createElement('h2');
  heading.textContent = params.get('title');
  panel.appendChild(heading);
}

// case: vulnerable (fragment of the address, written into the document)
export function showAnchor() {
  const anchor = decodeURIComponent(window.location.hash.slice(1));
  document.write('<a name="' + anchor + '"></a>');
}

// case: safe (cleaned by DOMPurify)
export function showBody() {
  const body = decodeURIComponent(window.location.hash.slice(1));
  panel.innerHTML = DOMPurify.sanitize(body);
}

// case: vulnerable (message of any window)
window.addEventListener('message', (event) => {
  const { html } = event.data;
  panel.insertAdjacentHTML('beforeend', html);
});

// case: safe (message of any window, but as text)
window.addEventListener('message', (event) => {
  const { text } = event.data;
  panel.insertAdjacentText('beforeend', String(text));
});

// case: safe (message of another origin is refused, and only a number is used)
window.addEventListener('message', (event) => {
  if (event.origin !== ORIGIN) {
    return;
  }
  panel.innerHTML = '<b>' + Number(event.data.count) + '</b>';
});

// case: vulnerable (jQuery)
export function showUser() {
  const user = params.get('user') || 'guest';
  $('#user').html('<i>' + user + '</i>');
}

// case: safe (jQuery's text)
export function showGuest() {
  $('#user').text(params.get('user') || 'guest');
}

// case: vulnerable (Vue component with the HTML of the address)
export const Banner = {
  data() {
    return { text: params.get('banner') };
  },
  render() {
    return h('div', { innerHTML: this.text });
  },
};

// case: safe (children of a Vue node are text)
export const Strip = {
  data() {
    return { text: params.get('banner') };
  },
  render() {
    return h('div', { class: 'strip' }, String(this.text));
  },
};

// case: vulnerable (v-html in a template string, computed from the route)
export const Help = Vue.component('help-page', {
  template: '<section v-html="content"></section>',
  computed: {
    content() {
      return '<p>' + this.$route.query.topic + '</p>';
    },
  },
});

// case: safe (mustache braces escape)
export const Tip = Vue.component('help-tip', {
  template: '<section>{{ content }}</section>',
  computed: {
    content() {
      return '<p>' + this.$route.query.topic + '</p>';
    },
  },
});

// case: safe (constant markup)
export function clear() {
  const last = params.get('last');
  panel.innerHTML = '<p class="empty">Nothing to see</p>';
  panel.dataset.last = last;
}
