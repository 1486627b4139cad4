// One demo per test file, on a free port, closed at the end.

import { afterAll, beforeAll } from 'vitest'
import { type Demo, startDemo } from '../src/server.js'

/** Starts a demo before the file's tests; `url` is known inside them. */
export function useDemo(): { readonly url: string } {
  let demo: Demo | undefined
  beforeAll(async () => {
    demo = await startDemo({ port: 0, host: '127.0.0.1' })
  })
  afterAll(() => demo?.close())
  return {
    get url() {
      if (!demo) throw new Error('the demo is not running yet')
      return demo.url
    },
  }
}
