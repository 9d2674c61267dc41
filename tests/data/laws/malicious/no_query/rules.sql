-- rule: X-1
/* refused */ ;;;
