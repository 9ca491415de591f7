import { describe, expect, it } from 'vitest';
import type { HeldJob, Jobs, LeaseState } from '../jobs/job-types.ts';
import { renewLeaseRegularly } from './lease-renewal.ts';

const JOB = { ticket: 't' } as HeldJob;

/** Renews a lease of 50 ms; `answer` is the state that the database returns. */
function start(answer: () => Promise<LeaseState>) {
  const stops: string[] = [];
  const problems: string[] = [];
  let renewals = 0;
  const renewLease = (): Promise<LeaseState> => {
    renewals++;
    return answer();
  };
  const end = renewLeaseRegularly(
    JOB,
    {
      jobs: { renewLease } as unknown as Jobs,
      leaseSeconds: 0.05,
      onProblem: (message) => problems.push(message),
    },
    (reason) => stops.push(reason),
  );
  return { stops, problems, renewals: () => renewals, end };
}

describe('the lease of a job', () => {
  it('is renewed until it is ended', async () => {
    const { stops, renewals, end } = start(async () => 'held');
    await expect.poll(renewals).toBeGreaterThan(2);
    end();
    expect(stops).toEqual([]);
  });

  it('stops the job when it was interrupted', async () => {
    const { stops, end } = start(async () => 'interrupted');
    await expect.poll(() => stops[0]).toBe('interrupt');
    end();
  });

  it('stops the job when another worker holds it', async () => {
    const { stops, end } = start(async () => 'lost');
    await expect.poll(() => stops[0]).toBe('lost');
    end();
  });

  it('stops the job when it could not be renewed in time', async () => {
    const { stops, problems, end } = start(() => Promise.reject(new Error('no database')));
    await expect.poll(() => stops[0]).toBe('lost');
    expect(problems[0]).toBe('the lease of a job can’t be renewed');
    end();
  });
});
