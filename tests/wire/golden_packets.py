"""One packet of each kind that a programme of ours sends; 0.5 s, cycle, step and run 1."""

PLACE = b"Peb807A120u;je8000000i;ja8000001i;jb8000001i;jc8000001i"
PACKET = PLACE + b";ab82D0370u,10,205;ba802FDA0n,10,215;jd99F60CEf;jf8000000 \n"
POINT = PLACE + b";dc80003E8 ;cc80003E8m,10;cd7FFFF9Cm,10\n"
