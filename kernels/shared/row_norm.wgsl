// The norm of one row of x that the workgroup shares. CENTRED false (RMS norm) takes 0 for the mean, so that the
// variance is the mean of the squares. Two passes over the row: the one-pass form cancels where the mean is large.
// Columns from width to 4 * width4 are padding and 0. The mean may add them up; the variance must leave them out. They
// stay 0 because gain and bias are 0 there.
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = f32;

struct RowNorm {
  at: u32, // where the row begins in x, in vec4s
  mean: f32,
  scale: f32,
}

fn row_norm(at: u32, lane: u32) -> RowNorm {
  var mean = 0.0;
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) { total += x[at + c]; }
      leaves[leaf] = dot(total, vec4f(1.0));
    }
    mean = sum_of_leaves(lane) / f32(params.width);
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (x[at + c] - mean) * real_columns(c);
      squares += centred * centred;
    }
    leaves[leaf] = dot(squares, vec4f(1.0));
  }
  let variance = sum_of_leaves(lane) / f32(params.width);
  return RowNorm(at, mean, norm_scale(variance, params.epsilon));
}

// Four columns of the normed row; gain_at: where its gain and bias begin.
fn normed(row: RowNorm, gain_at: u32, column4: u32) -> vec4f {
  return (x[row.at + column4] - row.mean) * row.scale * gain[gain_at + column4] + bias[gain_at + column4];
}
