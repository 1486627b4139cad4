// What was already seen of each channel. A reconnected bridge sends the history again; by epoch and
// offset the page knows which of it is new, and whether something in between was missed.

/** @typedef {{ channel: string, offset?: number, epoch?: string }} Placed */
/** @typedef {'new' | 'duplicate' | 'missed' | 'restarted'} Verdict */

export function createPositions() {
  /** @type {Map<string, { epoch: string | undefined, offset: number }>} */
  const seen = new Map()

  return {
    /**
     * `missed` and `restarted` are new messages too: there is a hole before the first, and the
     * second belongs to a new numbering (the channel's earlier messages are gone on the server).
     * @param {Placed} message
     * @returns {Verdict}
     */
    accept({ channel, offset, epoch }) {
      if (offset === undefined) return 'new'
      const last = seen.get(channel)
      if (last !== undefined && last.epoch === epoch && offset <= last.offset) return 'duplicate'
      seen.set(channel, { epoch, offset })
      if (last === undefined) return 'new'
      if (last.epoch !== epoch) return 'restarted'
      return offset === last.offset + 1 ? 'new' : 'missed'
    },
  }
}
