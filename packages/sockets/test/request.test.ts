import { expect, expectTypeOf, test } from 'vitest'
import { isRefusal, refuse } from '../src/routing/refuse.js'
import { type PathParams, parseCookies, socketRequest } from '../src/routing/request.js'

test('the request is taken apart once', () => {
  const request = socketRequest(
    {
      url: '/ws/a%20b?user=al&tag=1&tag=2',
      headers: { cookie: 'sid=1' },
      remoteAddress: '::1',
      secure: true,
    },
    { room: 'a b' },
  )
  expect(request.path).toBe('/ws/a%20b')
  expect(request.query.get('user')).toBe('al')
  expect(request.query.getAll('tag')).toEqual(['1', '2'])
  expect(request.cookies.sid).toBe('1')
  expect(request.params).toEqual({ room: 'a b' })
})

test('cookies: decoded, quoted, the first of a name, nothing else', () => {
  const parse = (header?: string) => ({ ...parseCookies(header) })
  expect(parse()).toEqual({})
  expect(parse('a=1; b="two"; c=%C3%A9; a=2; d; =e; f=x=y')).toEqual({
    a: '1',
    b: 'two',
    c: 'é',
    f: 'x=y',
  })
  expect(parse('bad=%zz')).toEqual({ bad: '%zz' })
  const hostile = parseCookies('__proto__=1; toString=2')
  expect(Object.keys(hostile)).toEqual(['__proto__', 'toString'])
})

test('refusals are recognised, and only with a status that refuses', () => {
  expect(isRefusal(refuse(401, 'who?'))).toBe(true)
  expect(isRefusal({ userId: 'a' })).toBe(false)
  expect(isRefusal(null)).toBe(false)
  for (const status of [200, 101, 302, 600, 401.5])
    expect(() => refuse(status)).toThrow(/400 to 599/)
})

test('types: parameters come from the path', () => {
  expectTypeOf<PathParams<'/ws/:room/by/:user'>>().toEqualTypeOf<
    { readonly room: string } & { readonly user: string }
  >()
  expectTypeOf<PathParams<'/ws'>>().toEqualTypeOf<unknown>()
  expectTypeOf<PathParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
})
