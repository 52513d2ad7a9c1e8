import { describe, expect, it } from 'vitest';
import { ByteBudget, SharedBudget } from './byte-budget.ts';

describe('a budget of bytes', () => {
  it('refuses what would pass its ceiling and takes nothing then', () => {
    const budget = new ByteBudget(10);
    expect(budget.take(8)).toBe(true);
    expect(budget.take(3)).toBe(false);
    expect(budget.take(2)).toBe(true);
    budget.give(10);
    expect(budget.take(10)).toBe(true);
  });

  it('is bounded by the whole it is a share of, and gives back to it', () => {
    const whole = new ByteBudget(10);
    const one = new ByteBudget(6, whole);
    const other = new ByteBudget(6, whole);
    expect(one.take(6)).toBe(true);
    expect(one.take(1)).toBe(false);
    expect(other.take(5)).toBe(false);
    expect(other.take(4)).toBe(true);
    one.give(6);
    expect([whole.held, one.held, other.held]).toEqual([4, 0, 4]);
  });

  it('leaves room for others when one owner has its share', () => {
    const budget = new SharedBudget(10, 6);
    expect(budget.take('greedy', 6)).toBe(true);
    expect(budget.take('greedy', 1)).toBe(false);
    expect(budget.take('modest', 4)).toBe(true);
    expect(budget.take('late', 1)).toBe(false);
    budget.give('greedy', 6);
    expect(budget.take('late', 6)).toBe(true);
  });
});
