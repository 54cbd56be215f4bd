"""Of which shape the documents of a commissioning are: a table for document_shapes.py. Only commissioning keeps such documents."""

COMMISSION = """
commission <{format?:(),evses:{*:x},replaced?:[{evse:s300,outcome:s40,old:?s200,new:?s200,at:?s40}*99]}|\
{format:i1..1,kind:s40,firmware:s40,site:s300,site_sha256:s64,began:?s40,ended:?s40,finished:b,controller:s40,\
signed?:?{by:s200,at:?s40,seal:s64},evses:{*:{index:i0..9999}},aborted?:[[s300,[s40*99]]*9999],\
together?:[{level:s20,code:s100,where:s300,text:s2000,fix:s2000}*9999],\
replaced?:[{evse:s300,outcome:s40,old:?s200,new:?s200,at:?s40}*99]}>
commission_ {name:s300,outcome:s40,serial:?s200,off?:{register:s200,at:i0..65535,shown_da:?i-9999999..9999999,states:[[s200,x]*99],read?:b},\
steps:[{step:s40,outcome:s40,text:s2000,\
findings?:[{level:s20,code:s100,where:s300,text:s2000,fix:s2000}*99]}*99]}
"""
