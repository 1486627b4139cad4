// Who may do what: the rights of a role that runs layers without owning the schema, and of a role
// that only calls the publishing function. All other functions run with the rights of their caller.

import { quoteRole, quoteSchema } from './name.js'

/** The tables that are emptied as a whole. */
const EMPTIED = [0, 1, 2, 3].flatMap((slot) => [`log_${slot}`, `shared_body_${slot}`])

/** What a layer needs that connects as `role` with `migrate: false`. Owning nothing is enough. */
export function grants(schema: string, role: string): string {
  const [s, r] = [quoteSchema(schema), quoteRole(role)]
  return `grant usage on schema ${s} to ${r};
grant select, insert, update, delete on all tables in schema ${s} to ${r};
grant truncate on ${EMPTIED.map((table) => `${s}.${table}`).join(', ')} to ${r};
grant usage, select, update on all sequences in schema ${s} to ${r};
grant execute on all functions in schema ${s} to ${r};
`
}

/**
 * What a role needs that only publishes by the SQL function, in its own transactions. The function
 * runs with its owner's rights, so that this role can read nothing and listen to nothing.
 */
export function publishGrants(schema: string, role: string): string {
  const [s, r] = [quoteSchema(schema), quoteRole(role)]
  return `grant usage on schema ${s} to ${r};
grant execute on function ${s}.publish to ${r};
-- For publish(data, { tx }) of the library over connections of this role, also:
-- grant insert, select (xid) on ${s}.outbox to ${r};
`
}
