"""Of which shape each document is that only a primary has: a table for document_shapes.py."""

PRIMARY = """
identity {identity?:i0..4294967295,epoch?:i0..65535}
evidence {format:i1..1,evses:{*:{watchdog_ms?:?i0..,fallback_da?:?i0..,power_on_da?:?i0..,max_da?:?i0..,known_fingerprint?:?s200,\
distrusted?:b,tested?:b,tested_fingerprint?:?s200,seen?:{*:i0..}}},assumed?:{*:[i0..*3]},assumed_here?:{*:[i0..*3]},\
site?:{circuits:{*:[i0..*3]},evses:{*:{path:[s300*99],terminals:[[i0..2*3]*3],at?:?s300,max?:i0..,reserve?:i0..,lapse?:i0..}},\
before?:{circuits:{*:[i0..*3]},evses:[{name:s300,path:[s300*99],terminals:[[i0..2*3]*3],at?:?s300,max?:i0..,reserve?:i0..,lapse?:i0..}*9999]}},\
locked?:{*:i0..9},meters?:{*:{at?:s700,seen:[[i0..*3]*9],trust?:?{owed:[i0..*3],against:[i0..*3],blame:[i0..*9],latched:b,reason:s500}}},\
meters_gone?:[{at:s700,name:s300,assumed?:?[i0..*3],seen?:[[i0..*3]*9],\
trust?:?{owed:[i0..*3],against:[i0..*3],blame:[i0..*9],latched:b,reason:s500}}*99],\
left?:[{at:s700,level:i0..9,swapped:b,tests:{watchdog_ms?:?i0..,fallback_da?:?i0..,power_on_da?:?i0..,max_da?:?i0..,known_fingerprint?:?s200,\
distrusted?:b,tested?:b,tested_fingerprint?:?s200,seen?:{*:i0..}}}*999],\
swapped?:[s300*9999],overdraw?:{*:i0..1000},used_again?:[s300*9999]}
latched {*:[s100*99]}
own_energy {energy_wh?:i0..4294967295}
limits [{source:(console),kind:(chargers circuit evse),name:s300,value:<i0..100000000|[i0..63000*3]>,unit:(da w percent),left_ms:?i0..,\
silent:<(hold release)|i0..100000000|[i0..63000*3]>,release_ms:i0..,sign:(import export),phases:?i1..3}*999]
contract {*:[i0..,[i0..*9999]]}
lives {mark:s200,ended:b,count:i0..1000000,reasons:[s40*99]}
off_shows {*:[?s300*4]}
console {*:x}
upstream_own {slot:i0..9,url:s2000,security_profile:i0..3}
upstream_floor {security_profile?:i0..3}
upstream_last <{slot:i0..9,url:s2000,security_profile:i0..3}|{slot?:(),url?:(),security_profile?:()}>
setup {*:x}
ocpp_boot {n:i0..4294967295,accepted:b,\
reason?:?(ApplicationReset FirmwareUpdate LocalReset PowerUp RemoteReset ScheduledReset Triggered Unknown Watchdog)}
ocpp_vars {*:s2500}
ocpp_secret {password:s64,url?:s2000,security_profile?:i0..3,root?:s16}
ocpp_network {*:{url:s2000,security_profile:i0..3}}
ocpp_list {version:i0..,entries:{-:<[s40,s255,?i-62135596800..253402300799]|[s40,s255,?i-62135596800..253402300799,[i-2147483648..2147483647*32]]>}}
ocpp_cache [<[s300,s40,s255,?i-62135596800..253402300799,i0..253402300799]|\
[s300,s40,s255,?i-62135596800..253402300799,i0..253402300799,[i-2147483648..2147483647*32]]>*9999]
ocpp_available [s20*9999]
ocpp_evses {here:[[s700,s300]*9999],gone:[[s700,s300]*999]}
ocpp_moved {from:?{here:[[s700,s300]*9999],gone:[[s700,s300]*999]},\
to:{here:[[s700,s300]*9999],gone:[[s700,s300]*999]},puts:[[s40,{id?:s36}]*9999]}
ocpp_gone [[s36,i0..2147483647,i0..9999,{trigger:s40,reason:s40,token?:?{idToken:s255,type:s20},\
signed?:{tx:s36,at:i-9007199254740991..253402300799000,wh:?i0..,signed:{data:s1000,encoding:s50,method:s50,key:s400}}}]*9999]
ocpp_certificates {roots:[[i0..99,(CSMSRootCertificate MORootCertificate ManufacturerRootCertificate V2GRootCertificate)]*8],\
site:[s64,s64],gone:[s64*99],own:?[i0..99,s1],trial:?[i0..99,s1],pending:?{key:s1,csr:s5500},replaced?:?i-99..99}
ocpp_certificate_ {pem:s10000,issuer?:s2200}
ocpp_key_ {secret:s64,public:s128}
ocpp_v2g {own:?[i0..1,s2],pending:?{key:s2,csr:s5500}}
ocpp_v2g_chain_ {pem:s10000,issuer?:s2200}
ocpp_ocsp_ {serial:s40,result:s5500,at:i0..253402300799}
ocpp_firmware {id:i-2147483648..2147483647,url:s512,retrieve:i-62135596800..253402300799,install:?i-62135596800..253402300799,\
retries:i0..,interval:i0..,status:<s0|(Downloaded DownloadFailed Downloading DownloadPaused DownloadScheduled InstallationFailed Installed \
Installing InstallRebooting InstallScheduled InstallVerificationFailed InvalidSignature SignatureVerified)>,\
slot:i-1..3,sequence:i0..4294967295,key?:s1100,signature?:s800,expects?:[i0..3,i1..4294967295],\
unsent:[[i-2147483648..2147483647,(Downloaded DownloadFailed Downloading DownloadPaused DownloadScheduled InstallationFailed Installed \
Installing InstallRebooting InstallScheduled InstallVerificationFailed InvalidSignature SignatureVerified)]*99]}
ocpp_publish {id:i-2147483648..2147483647,url:s512,checksum:s32,\
status:<s0|(ChecksumVerified Downloaded DownloadFailed Downloading DownloadPaused DownloadScheduled Idle InvalidChecksum Published \
PublishFailed Unpublished)>,location:s512,retries:i0..100,interval:i0..86400,\
unsent:[[i-2147483648..2147483647,(ChecksumVerified Downloaded DownloadFailed Downloading DownloadPaused DownloadScheduled InvalidChecksum \
Published PublishFailed),s512]*99]}
ocpp_held [[i0..9999,?i0..100000000,?i0..100000000,?i1..3]*9999]
ocpp_messages [i0..99*99]
ocpp_message_ {id:i0..2147483647,priority:(AlwaysFront InFront NormalCycle),state?:(Charging Faulted Idle Unavailable),startDateTime?:s40,\
endDateTime?:s40,transactionId?:s36,display?:{name:s50,instance?:s50,evse?:{id:i0..,connectorId?:i0..}},\
message:{format:s10,language?:s8,content:s512}}
ocpp_reservations {all:[{id:i-2147483648..2147483647,evse:i0..9999,type:s20,token:{idToken:s36,type:s20},group:s36,\
until:i0..253402300799}*9999],unsent:[[i-2147483648..2147483647,(Expired Removed)]*99]}
ocpp_log {id:i-2147483648..2147483647}
ocpp_monitors {base:(All FactoryDefault HardWiredOnly),level:i0..9,next:i1000..,off:[i2..*9999],exceeded:[i2..*9999],\
custom:[[i2..,<i-9999..9999|s50>,s50,s50,s50,(UpperThreshold LowerThreshold Delta Periodic PeriodicClockAligned),x,i0..9,b]*64]}
ocpp_security [[i0..253402300799000,s50,s255]*99]
ocpp_signed_ {tx:s36,at:i-9007199254740991..253402300799000,wh:?i0..,signed:{data:s1000,encoding:s50,method:s50,key:s400}}
ocpp_time i0..4102444800
ocpp_profiles [[?i-2147483648..2147483647,i0..9999]*9999]
ocpp_profile_ {id:i-2147483648..2147483647,stackLevel:i0..9,chargingProfilePurpose:(ChargingStationMaxProfile TxDefaultProfile TxProfile),\
chargingProfileKind:(Absolute Recurring Relative),recurrencyKind?:(Daily Weekly),validFrom?:s40,validTo?:s40,transactionId?:s36,\
chargingSchedule:[{chargingRateUnit:(A W),startSchedule?:s40,duration?:i1..,\
chargingSchedulePeriod:[{startPeriod:i0..,limit:n,numberPhases?:i1..3}+48]}+3]}
ocpp_tx_ {id:s36,seq:i0..2147483647,start:?i0..253402300799,state:?s20,token:?{idToken:s255,type:s20},group:s255,reason:?s40,\
end?:?[s40,s40,?{idToken:s255,type:s20}],invalid?:b,grace_wh?:i0..}
update {hold?:b}
staging {sequence?:i0..,names?:[s300*9999]}
"""
