"""What other parts may listen to, so that exchanges need not know who does.

`exchange_stepped` is sent for each step of an exchange, inside its transaction: a listener writes along or, by an
error, undoes the step. Keyword `action`: the name in the timeline, such as "request" or "complete".
"""

from blinker import Signal

exchange_stepped = Signal("an exchange took a step")
