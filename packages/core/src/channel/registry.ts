// Handles by name: the same name gives the same object for as long as anybody holds it, and a
// million names that nobody holds any more cost nothing.

/** @internal */
export class Registry<V extends object> {
  readonly #handles = new Map<string, WeakRef<V>>()
  readonly #gone = new FinalizationRegistry<string>((name) => {
    // A new handle may have taken the name since.
    if (this.#handles.get(name)?.deref() === undefined) this.#handles.delete(name)
  })

  /** Names that are remembered. */
  get size(): number {
    return this.#handles.size
  }

  get(name: string, create: () => V): V {
    const known = this.#handles.get(name)?.deref()
    if (known) return known
    const handle = create()
    this.#handles.set(name, new WeakRef(handle))
    this.#gone.register(handle, name)
    return handle
  }
}

/** The name behind a reference, or the plain name itself; checked by the caller. */
export function nameOf(target: string | { readonly name: string }): string {
  return typeof target === 'object' && target !== null ? target.name : target
}
