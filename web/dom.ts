// Finds, creates and announces elements of the page.

type Child = Node | string | undefined | false;

/**
 * The first element that matches. Throws when there is none: index.html has all elements that the
 * page uses.
 */
export function find<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`internal: index.html has no ${selector}`);
  return found;
}

/**
 * Creates an element. Functions become listeners; other properties become attributes, which are
 * left out when false or undefined.
 */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Readonly<Record<string, unknown>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value as EventListener);
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Selects a value, which becomes an option if it is none, as if the user had done so. */
export function selectValue(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((option) => option.value === value))
    select.append(create('option', { value }, value));
  select.value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Replaces the children of a list unless they are the same, and restores the focus. */
export function replaceChanged(list: HTMLElement, children: readonly HTMLElement[]): void {
  const { children: before } = list;
  const focused = document.activeElement;
  if (before.length !== children.length || children.some((child, i) => child !== before[i]))
    list.replaceChildren(...children);
  if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
}

/** Announces a text to screen readers. */
export function announce(text: string): void {
  find('#live').textContent = text;
}

/** Offers JSON or another content as a file to download. */
export function download(name: string, content: string | Blob): void {
  const blob =
    typeof content === 'string' ? new Blob([content], { type: 'application/json' }) : content;
  const url = URL.createObjectURL(blob);
  create('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
