// What calls of each host pass: opossum's breaker and bulkhead, and a retry budget.
//
// With `observe` calls are made in any case, and what would have been refused is counted. With `enforce` a refusal is an
// error, which outgoing.mjs turns into that of a connection that fails.
import { metrics } from "@opentelemetry/api";
import CircuitBreaker from "opossum";

const MOST_HOSTS = 512;
const SAVED_S = 10;
const UNAVAILABLE = new Set([502, 503, 504]);
const REFUSED = new Map([["EOPENBREAKER", "open"], ["ESEMLOCKED", "full"]]);

const calls = metrics.getMeter("tidegate").createCounter("tidegate.calls", {
  description: "Calls by dependency and outcome",
});

export class UnavailableError extends Error {}

export function checkStatus(status) {
  if (UNAVAILABLE.has(status)) throw new UnavailableError(`It answered ${status}.`);
}

export class HostPipeline {
  constructor(host, policy, mode) {
    this.host = host;
    this.policy = policy;
    this.mode = mode;
    this.saved = SAVED_S * policy.retries_per_s;
    this.savedAt = performance.now();
    this.breaker = new CircuitBreaker((action) => action(), {
      timeout: false, // the call's own
      errorThresholdPercentage: 50,
      volumeThreshold: policy.failures_to_open,
      resetTimeout: 1000 * policy.reset_s,
      capacity: policy.concurrency,
    });
    this.breaker.on("open", () => process.stderr.write(`tidegate: ${host} is left alone for ${policy.reset_s} s\n`));
  }

  get enforces() {
    return this.mode === "enforce";
  }

  get refuses() {
    return this.breaker.opened || (this.breaker.halfOpen && !this.breaker.pendingClose);
  }

  // The result of `action`, which is called at once, or not at all.
  async call(action) {
    this.saved = Math.min(SAVED_S * this.policy.retries_per_s, this.saved + this.policy.retry_ratio);
    if (!this.enforces && this.refuses) {
      this.count("open");
      return action();
    }
    try {
      const result = await this.breaker.fire(action);
      this.count("ok");
      return result;
    } catch (error) {
      const reason = REFUSED.get(error.code);
      this.count(reason ?? error.name);
      if (reason && !this.enforces) return action();
      throw error;
    }
  }

  // Milliseconds before one more attempt, the second is 1; null when there is to be none.
  pauseBefore(attempt) {
    if (!this.enforces || attempt >= this.policy.attempts || !this.breaker.closed || !this.withdraw()) return null;
    return Math.random() * 1000 * this.policy.backoff_s * 2 ** (attempt - 1);
  }

  withdraw() {
    const now = performance.now();
    const earned = (this.policy.retries_per_s * (now - this.savedAt)) / 1000;
    this.saved = Math.min(SAVED_S * this.policy.retries_per_s, this.saved + earned);
    this.savedAt = now;
    if (this.saved < 1) return false;
    this.saved -= 1;
    return true;
  }

  count(outcome) {
    calls.add(1, { dependency: this.host, outcome });
  }
}

export function isRefusal(error) {
  return REFUSED.has(error?.code);
}

export class HostPipelines {
  constructor(options) {
    this.options = options;
    this.byHost = new Map();
  }

  of(host) {
    const pipeline = this.byHost.get(host) ??
      new HostPipeline(host, this.options.policyOf(host), this.options.modeOf(host));
    this.byHost.delete(host);
    this.byHost.set(host, pipeline);
    if (this.byHost.size > MOST_HOSTS) this.byHost.delete(this.byHost.keys().next().value);
    return pipeline;
  }
}
