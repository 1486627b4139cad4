// Asking what became of a batch: the answer is that batch's own, however often it is asked.

import { createTestDatabase, runSql } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { expect, inject, onTestFinished, test } from 'vitest'
import { PgChannelLayer } from '../../src/index.js'
import { encodeOperations, putHold } from '../../src/presence/operation.js'

test('a batch that was never applied has no answers, not even those of the batch before', async () => {
  const database = await createTestDatabase(inject('postgresUrl'))
  onTestFinished(() => database.drop())
  const layer = new PgChannelLayer({ databaseUrl: database.url })
  await layer.connect()
  await layer.disconnect()
  const ask = async (call: string, values: unknown[]) =>
    (await runSql<Record<string, unknown>>(database.url, `select * from chan.${call}`, values))[0]
  const node = (await ask('enter($1)', ['a process']))?.node_id
  const entry = { userId: 'alice', joinedAt: 1, metadata: '{}' }
  const operations = encodeOperations([putHold('chat', 'hold', entry)])
  const applied = await ask('presence_apply($1, $2, $3)', [node, 1, operations])
  expect(typeof applied?.answers).toBe('string')
  expect(await ask('presence_settle($1, $2)', [node, 1])).toMatchObject(applied ?? {})
  for (let times = 0; times < 2; times++) {
    expect((await ask('presence_settle($1, $2)', [node, 2]))?.answers).toBeNull()
  }
})
