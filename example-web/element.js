// element('th', { scope: 'col' }, 'Delay'): a DOM element with its attributes and children.

export function element (tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export const byId = id => document.getElementById(id)
