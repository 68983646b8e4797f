// Log-sum-exp of a row's `values` at `count` ids listed at `ids_at` of `answers`; -3.4e38 for no id. Over
// log-probabilities it is the logarithm of the summed probability. The largest value is subtracted first.
fn log_total(row_at: u32, ids_at: u32, count: u32) -> f32 {
  if (count == 0u) { return -3.4e38; }
  var largest = -3.4e38;
  for (var i = 0u; i < count; i++) { largest = max(largest, values[row_at + answers[ids_at + i]]); }
  var total = 0.0;
  for (var i = 0u; i < count; i++) { total += exp(values[row_at + answers[ids_at + i]] - largest); }
  return largest + log(total);
}
