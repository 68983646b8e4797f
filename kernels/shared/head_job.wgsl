// The jobs of the attention kernels: heads to compute. One list serves all of them.
struct Job {
  circuit_head: u32, // circuit * H + head
  rows_at: u32, // where control lists the head's query rows (tokens)
  rows: u32, // their number
}
