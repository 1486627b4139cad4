// What pages are told before they open a socket, where that is on their own host.

import { expect, test } from 'vitest'
import { socketUrl } from '../src/config.js'
import { useDemo } from './running-demo.js'

const demo = useDemo()

test('sockets are where the page is, whatever name that has', async () => {
  const answer = await fetch(`${demo.url}/config`)
  expect(await answer.json()).toEqual({ socketUrl: null })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(demo.socketUrl).toBe(demo.url.replace('http', 'ws'))
})

test('a port of their own takes the place of that of the pages', () => {
  expect(socketUrl('http://localhost:3000/config', undefined)).toBe('ws://localhost:3000')
  expect(socketUrl('http://[::1]:3000/config?x', 4000)).toBe('ws://[::1]:4000')
  expect(socketUrl('http://chan.local/config', 4000)).toBe('ws://chan.local:4000')
})
