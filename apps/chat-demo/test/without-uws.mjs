// For `node --import`: a machine on which neither uWebSockets.js nor its adapter is installed.

import { register } from 'node:module'

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== 'uWebSockets.js' && specifier !== '@chan/uws') return next(specifier, context)
  const error = new Error("Cannot find package '" + specifier + "'")
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
