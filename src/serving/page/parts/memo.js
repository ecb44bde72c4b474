import { Component, h } from 'preact'

/** Draws a function component again only when what `textOf` says of its properties has changed. */
export function memo(draw, textOf) {
  return class Memo extends Component {
    static displayName = draw.name

    shouldComponentUpdate(next) {
      return textOf(next) !== textOf(this.props)
    }

    render(properties) {
      return h(draw, properties)
    }
  }
}
