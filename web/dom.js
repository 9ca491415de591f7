// @ts-check
// Elements, in few words.

/** An element of the page that is always there. @template {HTMLElement} [T=HTMLElement] @param {string} selector @returns {T} */
export const the = (selector) => {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`internal: no ${selector}`);
  return /** @type {T} */ (found);
};

/**
 * Makes an element. Functions become listeners, other properties are set as attributes; false and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const make = (name, properties = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function')
      element.addEventListener(key, /** @type {EventListener} */ (value));
    else if (value !== undefined && value !== false)
      element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
};

/** Said by screen readers. @param {string} text */
export const say = (text) => {
  the('#live').textContent = text;
};

/** `two-stage-upscale` -> `Two stage upscale`. @param {string} name */
export const title = (name) => {
  const words = name.replace(/\.(json|png|webp|jpe?g)$/i, '').replaceAll(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** Offers a text as a file. @param {string} name @param {string} text */
export const download = (name, text) => {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
