"""The notebook, run by a real kernel against a simulated gateway; it is kept without outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from ibwire.simulator import GatewayThread
from tests.helpers.examples import EXAMPLES, TIMEOUT_S, variables

NOTEBOOK = EXAMPLES / "notebook.ipynb"

RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    cell.source = cell.source.replace("SECONDS = 3", "SECONDS = 1")
NotebookClient(notebook, timeout=15, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
"""In a process of its own: a kernel's client brings a loop and warnings that are not our tests' business."""


def test_notebook_runs_from_top_to_bottom(simulated_gateway: GatewayThread, tmp_path: Path) -> None:
    done = tmp_path / "done.ipynb"
    result = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOK), str(done)],
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_S,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **variables(simulated_gateway.port, tmp_path)},
    )
    assert result.returncode == 0, result.stderr
    outputs = [output for cell in nbformat.read(done, as_version=4).cells for output in cell.get("outputs", ())]
    assert "DU1234567" in str(outputs[0])
    assert any("bars, holes: ()" in output.get("text", "") for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert simulated_gateway.state().clients == []  # the last cell closed the session


def test_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
