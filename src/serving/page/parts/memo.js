import { Component, h } from 'preact'

/** Draws a function component again only when a property, read as text, has changed. */
export function memo(draw) {
  return class Memo extends Component {
    static displayName = draw.name

    shouldComponentUpdate(next) {
      const now = this.props
      const names = new Set([...Object.keys(now), ...Object.keys(next)])
      return [...names].some((name) => String(now[name]) !== String(next[name]))
    }

    render(properties) {
      return h(draw, properties)
    }
  }
}
