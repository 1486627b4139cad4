// One demo per test file, on a free port, closed at the end.

import { afterAll, beforeAll } from 'vitest'
import { type Demo, type DemoOptions, startDemo } from '../src/server.js'

/** Starts a demo before the file's tests; its addresses are known inside them. */
export function useDemo(options: Partial<DemoOptions> = {}): Omit<Demo, 'close'> {
  let demo: Demo | undefined
  beforeAll(async () => {
    demo = await startDemo({ port: 0, host: '127.0.0.1', ...options })
  })
  afterAll(() => demo?.close())
  const running = (): Demo => {
    if (!demo) throw new Error('the demo is not running yet')
    return demo
  }
  return {
    get url() {
      return running().url
    },
    get socketUrl() {
      return running().socketUrl
    },
  }
}
