import { Component, h } from 'preact'

/**
 * Draws a function component again only when its properties have changed.
 * @param textOf what of the properties is drawn; without it, each of them is compared as it is
 */
export function memo(draw, textOf) {
  return class Memo extends Component {
    static displayName = draw.name

    shouldComponentUpdate(next) {
      return textOf ? textOf(next) !== textOf(this.props) : differ(next, this.props)
    }

    render(properties) {
      return h(draw, properties)
    }
  }
}

const differ = (a, b) => Object.keys({ ...a, ...b }).some((name) => a[name] !== b[name])
