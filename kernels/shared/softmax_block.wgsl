// (m, sum_v exp(values[v] - m)) over `columns` columns from `first` on, m the largest value among them. One workgroup
// computes it. Sums are those of reduce_sum.wgsl.
//#include reduce_sum
alias Leaf = f32;
//#include reduce_max

fn softmax_block(first: u32, columns: u32, lane: u32) -> vec2f {
  var largest = -3.4e38;
  for (var v = lane; v < columns; v += WORKGROUP) { largest = max(largest, values[first + v]); }
  largest = reduce_max(largest, lane);
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = 0.0;
    for (var v = leaf; v < columns; v += LEAVES) { total += exp(values[first + v] - largest); }
    leaves[leaf] = total;
  }
  return vec2f(largest, sum_of_leaves(lane));
}
