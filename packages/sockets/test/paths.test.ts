import { isChanError } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { PathTable } from '../src/routing/paths.js'

function table(...paths: string[]) {
  const paths_ = new PathTable<string>()
  for (const path of paths) paths_.add(path, path)
  return (url: string) => {
    const found = paths_.match(url)
    return found && { ...found, params: found.params && { ...found.params } }
  }
}

describe('matching', () => {
  test('literal segments and names, the query aside', () => {
    const match = table('/ws/chat/:room', '/ws', '/')
    expect(match('/ws?x=/a')).toEqual({ route: '/ws', params: {} })
    expect(match('/?a')).toEqual({ route: '/', params: {} })
    expect(match('/ws/chat/general?user=a')).toEqual({
      route: '/ws/chat/:room',
      params: { room: 'general' },
    })
  })

  test('paths of another length, case or trailing slash are others', () => {
    const match = table('/ws/chat/:room')
    for (const url of ['/ws/chat', '/ws/chat/', '/ws/chat/a/', '/ws/chat/a/b', '/WS/chat/a', '*']) {
      expect(match(url)).toBeUndefined()
    }
  })

  test('a literal beats a name, segment by segment, and a dead end is left again', () => {
    const match = table('/a/:x/c', '/a/b/d', '/:y/b/c')
    expect(match('/a/b/d')?.route).toBe('/a/b/d')
    expect(match('/a/b/c')).toEqual({ route: '/a/:x/c', params: { x: 'b' } })
    expect(match('/z/b/c')).toEqual({ route: '/:y/b/c', params: { y: 'z' } })
    expect(match('/a/b/e')).toBeUndefined()
  })

  test('segments are decoded: literals, names, an encoded slash stays inside its segment', () => {
    const match = table('/räume/:room')
    expect(match('/r%C3%A4ume/a%2Fb%20c')?.params).toEqual({ room: 'a/b c' })
    expect(match('/räume/%F0%9F%98%80')?.params).toEqual({ room: '😀' })
  })

  test('broken percent-encoding has a route and no params', () => {
    const match = table('/ws/:room', '/ws/literal')
    expect(match('/ws/%E0%A4%A')).toEqual({ route: '/ws/:room', params: null })
    expect(match('/%zz/a')).toBeUndefined()
  })

  test('a name like a property of Object is a name', () => {
    const paths = new PathTable<number>()
    paths.add('/a/:__proto__/:constructor', 1)
    expect(Object.entries(paths.match('/a/x/y')?.params ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })
})

describe('adding', () => {
  test.each([
    ['chat', 'no slash at the start'],
    ['/a//b', 'an empty segment'],
    ['/a/', 'an empty segment at the end'],
    ['/a/*', 'a wildcard'],
    ['/a?b', 'a query'],
    ['/a/:', 'a parameter without a name'],
    ['/a/:b-c', 'a parameter with an odd name'],
    ['/:a/:a', 'a parameter twice'],
  ])('%s is refused: %s', (path) => {
    expect(() => new PathTable().add(path, 1)).toThrow(
      expect.toSatisfy((error) => isChanError(error, 'invalid-option')),
    )
  })

  test('the same shape twice is refused, whatever the names', () => {
    const paths = new PathTable<number>()
    paths.add('/a/:b', 1)
    paths.add('/a/b', 2)
    expect(() => paths.add('/a/:c', 3)).toThrow(/same shape/)
  })
})
