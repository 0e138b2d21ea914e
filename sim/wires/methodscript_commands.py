"""The commands of MethodSCRIPT that the simulated instrument knows, and what follows their names.

MethodSCRIPT manual v1.8; github.com/PalmSens/MethodSCRIPT_Examples.
"""

SIGNATURES = {
    "var": ("name",),
    "array": ("array", "number"),
    "store_var": ("variable", "literal", "kind"),
    "copy_var": ("variable", "variable"),
    "add_var": ("variable", "number"),
    "sub_var": ("variable", "number"),
    "mul_var": ("variable", "number"),
    "div_var": ("variable", "number"),
    "mod_var": ("variable", "number"),
    "pow_var": ("variable", "number"),
    "float_to_int": ("variable",),
    "int_to_float": ("variable",),
    "alter_vartype": ("variable", "kind"),
    "set_pgstat_chan": ("number",),
    "set_pgstat_mode": ("number",),
    "set_max_bandwidth": ("number",),
    "set_acquisition_frac": ("number",),
    "set_acquisition_frac_autoadjust": ("number",),
    "set_range": ("kind", "number"),
    "set_range_minmax": ("kind", "number", "number"),
    "set_autoranging": ("kind", "number", "number"),
    "set_i": ("number",),
    "set_e": ("number",),
    "cell_on": (),
    "cell_off": (),
    "timer_start": (),
    "timer_get": ("variable",),
    "wait": ("number",),
    "set_int": ("number",),
    "await_int": (),
    "meas": ("number", "variable", "kind"),
    "meas_loop_cp": ("variable", "variable", "number", "number", "number"),
    "meas_loop_ca": ("variable", "variable", "number", "number", "number"),
    "meas_loop_lsv": ("variable", "variable", "number", "number", "number", "number"),
    "meas_loop_ocp": ("variable", "number", "number"),
    "meas_loop_eis": ("variable", "variable", "variable", "number", "number", "number", "number", "number"),
    "meas_loop_geis": ("variable", "variable", "variable", "number", "number", "number", "number", "number"),
    "loop": ("number", "operator", "number"),
    "if": ("number", "operator", "number"),
    "breakloop": (),
    "pck_start": (),
    "pck_add": ("variable",),
    "pck_end": (),
    "send_string": ("text",),
    "set_script_output": ("number",),
    "abort": (),
}
"""A new ``name`` or ``array``, a ``variable`` (declared, or an element ``name[index]``), a ``number`` (literal or
variable), a ``literal``, a ``kind`` of two letters, an ``operator``, any ``text``.

What is measured comes first. Then ``meas_loop_cp`` and ``meas_loop_ca`` take what is set (A, V), interval and run time
(s); ``meas_loop_lsv`` begin, end, step (V) and rate (V/s); ``meas_loop_ocp`` interval and run time; ``meas_loop_eis``
and ``meas_loop_geis`` amplitude (V or A, rms), first and last frequency (Hz), points, and what is set (V or A).
"""

OPTIONS = {"cell_on": ("ocp",)}
"""Optional arguments, ``name(variable)``, that may follow."""

MEASUREMENTS = tuple(name for name in SIGNATURES if name.startswith("meas_loop_"))

LOOPS = (*MEASUREMENTS, "loop")

ENDS = ("endloop", "endif", "else", "elseif", "on_finished:")

OPERATORS = ("<", ">", "<=", ">=", "==", "!=")
