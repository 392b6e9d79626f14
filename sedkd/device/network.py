"""A step's graph as C, by emx-onnx-cgen, with its working memory laid out in one static block.

The generator gives every intermediate tensor an array of its own on the stack. Here the arrays of tensors that are
never needed at the same time share their place, and a new state takes that of the old one.
"""

import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import prod
from pathlib import Path

from sedkd.cost.placing import Array, placed
from sedkd.device.literals import for_cpp
from sedkd.export.stream_facts import StreamFacts, new_state_name, state_name

GENERATOR = "emx_onnx_cgen"
ENTRY = "sedkd_step"
TENSOR = re.compile(r"    float (\w+)((?:\[\d+\])+);")
CALL = re.compile(r"    (\w+)\((.*)\);")
DEFINITION = re.compile(r"^EMX_NODE_FN void (\w+)\((.*)\) \{$", re.MULTILINE)
CONSTANT = re.compile(r"const float \w+\[\d+\]((?:\[\d+\])+)")


def is_generator_installed() -> bool:
    return find_spec(GENERATOR) is not None


def network_source(path: Path, stream: StreamFacts) -> str:
    """The C of the step's graph at `path`: one function `sedkd_step(frames, states.., probabilities, new states..)`.

    Raises:
        RuntimeError: the generator is of another version than the one that this knows, or it wrote something else.
    """
    text = _generated(path)
    head, begin, rest = text.partition(f"void {ENTRY}(")
    signature, opening, body = rest.partition(") {\n")
    lines = body.partition("\n}")[0].splitlines()
    tensors = [found for line in lines if (found := TENSOR.fullmatch(line))]
    calls = [found[2].split(", ") for line in lines if (found := CALL.fullmatch(line))]
    if len(tensors) + len(calls) != len(lines) or not calls:
        raise RuntimeError(f"{path}: {GENERATOR} wrote something else than expected; install the version in pyproject")
    _check_states(calls, len(stream.states), path)
    shapes = {found[1]: _shape(found[2]) for found in tensors}
    uses = {name: [i for i, names in enumerate(calls) if name in names] for name in shapes}
    places, floats = placed([Array(name, prod(shape), uses[name][0], uses[name][-1]) for name, shape in shapes.items()])
    memory = [f"    static float memory[{floats}];"]
    memory += [
        f"    {_pointer(name, shape)} = ({_pointer('', shape)})(memory + {places[name]});"
        for name, shape in shapes.items()
    ]
    parameters = {found[1]: found[2].split(", ") for found in DEFINITION.finditer(head)}
    kept = [_call(found[1], found[2].split(", "), parameters) for line in lines if (found := CALL.fullmatch(line))]
    return "".join([head, begin, signature, opening, "\n".join([*memory, *kept]), "\n}\n"])


def interface(stream: StreamFacts) -> str:
    """The text of sedkd_network.h."""
    states = "\n".join(f"    float {state_name(i)}{_brackets(shape)};" for i, shape in enumerate(stream.states))
    declarations = f"""typedef struct {{
{states}
}} sedkd_network;

void sedkd_network_reset(sedkd_network *network);

/* Log-mel frames in, the probabilities of each label out. */
void sedkd_network_step(sedkd_network *network, float frames[SEDKD_STEP_FRAMES][SEDKD_N_MELS],
                        float probabilities[SEDKD_STEP_ANSWERS][SEDKD_LABELS]);
"""
    return f"""/* The network: one step of a stream. */
#ifndef SEDKD_NETWORK_H
#define SEDKD_NETWORK_H

#include "sedkd_tables.h"

{for_cpp(declarations)}
#endif
"""


def implementation(stream: StreamFacts) -> str:
    """The text of sedkd_network.c, which calls what `network_source` wrote."""
    numbers = range(len(stream.states))
    frames, answers = "[SEDKD_STEP_FRAMES][SEDKD_N_MELS]", "[SEDKD_STEP_ANSWERS][SEDKD_LABELS]"
    old = [f"const float {state_name(i)}{_brackets(stream.states[i])}" for i in numbers]
    new = [f"float {new_state_name(i)}{_brackets(stream.states[i])}" for i in numbers]
    types = [f"const float frames[1]{frames}", *old, f"float probabilities[1]{answers}", *new]
    given = [f"(const float (*){_brackets(stream.states[i][1:])})network->{state_name(i)}" for i in numbers]
    kept = [f"network->{state_name(i)}" for i in numbers]
    values = [f"(const float (*){frames})frames", *given, f"(float (*){answers})probabilities", *kept]
    parted = ",\n" + " " * 8
    return f"""#include "sedkd_network.h"

#include <string.h>

void {ENTRY}({parted.join(types)});

void sedkd_network_reset(sedkd_network *network)
{{
    memset(network, 0, sizeof *network);
}}

void sedkd_network_step(sedkd_network *network, float frames{frames},
                        float probabilities{answers})
{{
    /* Each state is read for the last time before it is written. */
    {ENTRY}({parted.join(values)});
}}
"""


def _generated(path: Path) -> str:
    import onnx
    from emx_onnx_cgen import Compiler
    from emx_onnx_cgen.compiler import CompilerOptions

    model = onnx.load(str(path))
    for node in model.graph.node:  # what is the default is not known by name there
        kept = [each for each in node.attribute if not (each.name == "direction" and each.s == b"forward")]
        del node.attribute[:]
        node.attribute.extend(kept)
    options = CompilerOptions(
        model_name=ENTRY, restrict_arrays=False, large_temp_threshold_bytes=0, large_weight_threshold=0
    )
    return Compiler(options).compile(model)


def _check_states(calls: Sequence[Sequence[str]], states: int, path: Path) -> None:
    """A new state may take the old one's place only if that was read before."""
    for number in range(states):
        read = [i for i, names in enumerate(calls) if state_name(number) in names]
        written = [i for i, names in enumerate(calls) if new_state_name(number) in names]
        if not read or not written or read[-1] >= written[0]:
            raise RuntimeError(f"{path}: {state_name(number)} is still needed when its successor is written")


def _call(name: str, given: Sequence[str], parameters: Mapping[str, Sequence[str]]) -> str:
    """The call with what is only read given as constant: before C23, rows do not become constant by themselves."""
    constant = [CONSTANT.fullmatch(parameter) for parameter in parameters[name]]
    values = [f"(const float (*){c[1]}){value}" if c else value for c, value in zip(constant, given, strict=True)]
    return f"    {name}({', '.join(values)});"


def _shape(brackets: str) -> tuple[int, ...]:
    return tuple(map(int, brackets[1:-1].split("][")))


def _brackets(shape: Sequence[int]) -> str:
    return "".join(f"[{size}]" for size in shape)


def _pointer(name: str, shape: Sequence[int]) -> str:
    """A pointer to the rows of an array, as a parameter of that shape is one."""
    return f"float (*{name}){_brackets(shape[1:])}" if len(shape) > 1 else f"float *{name}"
