"""Prompts of make-training-data.mjs."""

import numpy as np
import torch


class Prompts:
    """One file of prompts: padded ids [n, longest], lengths [n], measured positions [n], right answers of each row."""

    def __init__(self, path):
        numbers = np.fromfile(path, dtype="<i4")
        starts, at = [], 0
        while at < len(numbers):
            starts.append(at)
            at += 3 + numbers[at] + numbers[at + 2]
        self.lengths = numbers[starts]
        self.positions = numbers[np.array(starts) + 1]
        self.ids = np.zeros((len(starts), self.lengths.max()), dtype=np.int64)
        self.answers = []
        for row, start in enumerate(starts):
            length, right = numbers[start], numbers[start + 2]
            self.ids[row, :length] = numbers[start + 3 : start + 3 + length]
            self.answers.append(numbers[start + 3 + length : start + 3 + length + right])

    def batch(self, rows, vocab):
        """ids [rows, longest of them], lengths and positions [rows], right answers [rows, vocab] as booleans."""
        lengths = torch.from_numpy(self.lengths[rows].astype(np.int64))
        positions = torch.from_numpy(self.positions[rows].astype(np.int64))
        ids = torch.from_numpy(self.ids[rows, : int(lengths.max())])
        right = torch.zeros(len(rows), vocab, dtype=torch.bool)
        for i, row in enumerate(rows):
            right[i, self.answers[row].astype(np.int64)] = True
        return ids, lengths, positions, right
