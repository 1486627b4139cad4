// Port: how many subscribers a channel has, across processes.

/** Leased per process, like presence (B8): a dead process counts nothing. */
export interface InterestStore {
  /** This process's subscriber counts of the channels that changed; 0 removes. */
  reportInterest(counts: ReadonlyMap<string, number>): Promise<void>
  /** The sum of what all living processes reported last. */
  totalInterest(channel: string): Promise<number>
}
