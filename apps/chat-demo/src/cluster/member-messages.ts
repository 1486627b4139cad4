// What a server of the cluster and the program that started it tell each other.

/** From the server: where it is, or why it did not start, in words for people. Once, and one of both. */
export type FromMember = { readonly url: string } | { readonly failure: string }

/** To the server: stop in order, and exit. */
export type ToMember = 'stop'
