"""The options that several commands have, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

GATEWAY = "Gateway"
"""The panel of `--help` in which the options of the connection stand."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the result alone, as JSON.")]

AlwaysJson = Annotated[bool, typer.Option("--json", help="Accepted as everywhere; it is JSON anyway.")]

Host = Annotated[
    str | None, typer.Option(help="Where the gateway listens; else as in the settings.", rich_help_panel=GATEWAY)
]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Its API port; else as in the settings.", rich_help_panel=GATEWAY),
]
ClientId = Annotated[
    int | None,
    typer.Option(
        min=0, help="The client id; else one that is free, or that of the settings for orders.", rich_help_panel=GATEWAY
    ),
]
Sim = Annotated[
    bool, typer.Option("--sim", help="Use a simulated gateway inside this command.", rich_help_panel=GATEWAY)
]

Replay = Annotated[
    Path | None,
    typer.Option(
        help="Play the recordings in this folder (ticks_*.csv.gz, ibstream_*.csv.gz) instead of a made-up market."
    ),
]
Seed = Annotated[int, typer.Option(help="The seed of the made-up market.")]
Speed = Annotated[float, typer.Option(min=0.001, help="How many times as fast as it happened the market moves.")]
