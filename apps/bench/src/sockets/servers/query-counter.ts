// Counts the statements of this process, where the layer tells nothing of them.

import { Client } from 'pg'

export class QueryCounter {
  count = 0

  /** @param pattern which statements count */
  constructor(pattern: RegExp) {
    const { query } = Client.prototype
    const counted = (statement: unknown) => {
      const text =
        typeof statement === 'string' ? statement : (statement as { text?: string })?.text
      if (text && pattern.test(text)) this.count++
    }
    Client.prototype.query = function (this: Client, ...args: unknown[]) {
      counted(args[0])
      return Reflect.apply(query, this, args)
    } as typeof query
  }
}
