"""The station's variables, one line each; a variable is looked up by searching these strings, nothing is built from them.

    =component
    variable|instance|letters|unit|default|limits       (without limits: no last `|`)

A line with a component comes before the lines of its variables. Letters: MUTABILITIES, then KINDS.
Limits: `least..most` for numbers, the longest length for strings, the allowed words for lists.
A default `@` is worked out when asked (model.py). RW values are kept by the store. Four scopes: the station, each
EVSE, each connector (names as in OCPP 2.0.1 part 2, chapter 2 of the referenced components), and the parts of the site: one component with
an instance for each circuit, bus and meter (roles/charging/site_model.py); those that OCPP does not know begin with `Ampacity`.
"""

MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered,"
    "Energy.Active.Export.Register,Power.Active.Export,Current.Export"
)
POINTS = "ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer"
REGISTER = "Energy.Active.Import.Register"
STATUSES = "Available,Occupied,Reserved,Unavailable,Faulted"
MUTABILITIES = {"R": "RO", "W": "RW", "O": "WO", "S": "SO"}  # SO: RW at a station with a meter that signs its readings, else RO
KINDS = {"b": "boolean", "d": "dateTime", "i": "integer", "m": "MemberList", "n": "decimal", "o": "OptionList", "q": "SequenceList", "s": "string"}

STATION = """
=AlignedDataCtrlr
Available||Rb||true
Enabled||Wb||true
Interval||Wi|s|0|0..86400
Measurands||Wm||%E|%M
SendDuringIdle||Wb||false
SignReadings||Sb||false
SignUpdatedReadings||Sb||true
TxEndedInterval||Wi|s|0|0..86400
TxEndedMeasurands||Wm||%E|%M
=AmpacityCtrlr
Mode||Rs||@|50
=AuthCacheCtrlr
Available||Rb||true
DisablePostAuthorize||Wb||false
Enabled||Wb||true
LifeTime||Wi|s|0|0..2147483647
Policy||Ro||LRU|LRU
Storage||Ri|B|@|0..4350
=AuthCtrlr
AuthorizeRemoteStart||Wb||false
DisableRemoteAuthorization||Wb||false
Enabled||Wb||true
LocalAuthorizeOffline||Wb||true
LocalPreAuthorize||Wb||true
MasterPassGroupId||Ws|||36
OfflineTxForUnknownIdEnabled||Wb||false
=ChargingStation
AllowNewSessionsPendingFirmwareUpdate||Wb||false
AvailabilityState||Ro||@|%A
Available||Rb||true
Identity||Rs||@|48
Model||Rs||@|20
Problem||Rb||@
SerialNumber||Rs||@|25
SupplyPhases||Ri||@
VendorName||Rs||@|50
=ClockCtrlr
DateTime||Rd||@
TimeAdjustmentReportingThreshold||Wi|s|20|0..86400
TimeSource||Wq||Heartbeat,NTP,RealTimeClock|Heartbeat,NTP,RealTimeClock
=Controller
FirmwareVersion||Rs||@|50
=DeviceDataCtrlr
BytesPerMessage|GetReport|Ri|B|16384
BytesPerMessage|GetVariables|Ri|B|16384
BytesPerMessage|SetVariables|Ri|B|16384
ConfigurationValueSize||Ri||1000
ItemsPerMessage|GetReport|Ri||32
ItemsPerMessage|GetVariables|Ri||32
ItemsPerMessage|SetVariables|Ri||32
ReportingValueSize||Ri||1000
=DisplayMessageCtrlr
Available||Rb||true
DisplayMessages||Ri||@|0..8
Enabled||Wb||true
SupportedFormats||Rm||ASCII,UTF8|ASCII,HTML,URI,UTF8
SupportedPriorities||Rm||AlwaysFront,InFront,NormalCycle|AlwaysFront,InFront,NormalCycle
=ISO15118Ctrlr
Available||Rb||@
CentralContractValidationAllowed||Wb||false
ContractCertificateInstallationEnabled||Wb||true
ContractValidationOffline||Wb||true
CountryName||Ws|||2
OrganizationName||Ws||Ampacity|64
PnCEnabled||Wb||true
SeccId||Ws|||64
V2GCertificateInstallationEnabled||Wb||true
=LocalAuthListCtrlr
Available||Rb||true
BytesPerMessage||Ri|B|16384
DisablePostAuthorize||Wb||false
Enabled||Wb||true
Entries||Ri||@|0..200
ItemsPerMessage||Ri||100
SupportsExpiryDateTime||Rb||true
=MonitoringCtrlr
ActiveMonitoringBase||Ro||@|All,FactoryDefault,HardWiredOnly
ActiveMonitoringLevel||Ri||@
Available||Rb||true
BytesPerMessage|ClearVariableMonitoring|Ri|B|16384
BytesPerMessage|SetVariableMonitoring|Ri|B|16384
Enabled||Wb||true
ItemsPerMessage|ClearVariableMonitoring|Ri||32
ItemsPerMessage|SetVariableMonitoring|Ri||32
OfflineQueuingSeverity||Wi||5|0..9
=OCPPCommCtrlr
ActiveNetworkProfile||Ri||@
FileTransferProtocols||Rm||HTTP,HTTPS|HTTP,HTTPS
HeartbeatInterval||Wi|s|86400|1..604800
MessageAttemptInterval|TransactionEvent|Wi|s|60|0..86400
MessageAttempts|TransactionEvent|Wi||5|1..100
MessageTimeout|Default|Ri|s|30
NetworkConfigurationPriority||Wq||1|1,2
NetworkProfileConnectionAttempts||Wi||3|1..100
OfflineThreshold||Wi|s|60|0..2147483647
PublicKeyWithSignedMeterValue||So||OncePerTransaction|EveryMeterValue,Never,OncePerTransaction
QueueAllMessages||Rb||false
ResetRetries||Wi||1|0..10
RetryBackOffRandomRange||Wi|s|10|0..3600
RetryBackOffRepeatTimes||Wi||5|0..20
RetryBackOffWaitMinimum||Wi|s|10|1..3600
UnlockOnEVSideDisconnect||Rb||@
WebSocketPingInterval||Wi|s|60|0..86400
=ReservationCtrlr
Available||Rb||true
Enabled||Wb||true
NonEvseSpecific||Rb||true
=SampledDataCtrlr
Available||Rb||true
Enabled||Wb||true
SignReadings||Sb||false
SignStartedReadings||Sb||true
SignUpdatedReadings||Sb||true
TxEndedInterval||Wi|s|0|0..86400
TxEndedMeasurands||Wm||%E|%M
TxStartedMeasurands||Wm||%E|%M
TxUpdatedInterval||Wi|s|300|0..86400
TxUpdatedMeasurands||Wm||%E,Power.Active.Import,Current.Import|%M
=SecurityCtrlr
AdditionalRootCertificateCheck||Rb||@
BasicAuthPassword||Os|||16..40
CertSigningRepeatTimes||Wi||3|0..10
CertSigningWaitMinimum||Wi|s|60|1..86400
CertificateEntries||Ri||@|0..8
Identity||Rs||@|48
MaxCertificateChainSize||Ri||10000|0..10000
OrganizationName||Ws||Ampacity|64
SecurityProfile||Ri||@
=SmartChargingCtrlr
ACPhaseSwitchingSupported||Rb||false
Available||Rb||true
Enabled||Wb||true
Entries|ChargingProfiles|Ri||@|0..@
ExternalControlSignalsEnabled||Rb||true
Interval|Restart|Ri|s|@
LimitChangeSignificance||Wn|Percent|10|0..100
NotifyChargingLimitWithSchedules||Wb||false
PeriodsPerSchedule||Ri||@
Phases3to1||Rb||false
ProfileStackLevel||Ri||@
RateUnit||Rm||A,W|A,W
ScheduleEndOffline||Wo||Release|Hold,Release
=TariffCostCtrlr
Available|Cost|Rb||true
Available|Tariff|Rb||true
Currency||Ws||EUR|3..3
Enabled|Cost|Wb||true
Enabled|Tariff|Wb||true
TariffFallbackMessage||Ws|||255
TotalCostFallbackMessage||Ws|||255
=TxCtrlr
EVConnectionTimeOut||Wi|s|120|1..86400
MaxEnergyOnInvalidId||Wi|Wh|0|0..1000000
StopTxOnEVSideDisconnect||Wb||true
StopTxOnInvalidId||Wb||true
TxBeforeAcceptedEnabled||Wb||false
TxStartPoint||Wm||PowerPathClosed|%P
TxStopPoint||Wm||EVConnected,Authorized|%P
"""

EVSE = """
=EVSE
AllowReset||Rb||true
AvailabilityState||Ro||@|%A
Available||Rb||true
BoundCurrent||Rn|A|@
Circuit||Rs||@
EvseId||Rs||@
OrderedCurrent||Rn|A|@
Power||Rn|W|@|0..@
ReserveCurrent||Rn|A|@
State||Rs||@|1000
SupplyPhases||Ri||@
"""

CONNECTOR = """
=Connector
AvailabilityState||Ro||@|%A
Available||Rb||true
ConnectorType||Rs||@
SupplyPhases||Ri||@
"""

SITE = """
=AmpacityBus
Problem||Rb||@
State||Rs||@|1000
=AmpacityMeter
ACCurrent|L1|Rn|A|@
ACCurrent|L2|Rn|A|@
ACCurrent|L3|Rn|A|@
Power||Rn|W|@
Problem||Rb||@
=DistributionPanel
DistributionPanel||Rs||@|1000
Fuse|1|Ri|A|@
Fuse|2|Ri|A|@
Fuse|3|Ri|A|@
Margin|L1|Rn|A|@
Margin|L2|Rn|A|@
Margin|L3|Rn|A|@
OtherLoad|L1|Rn|A|@
OtherLoad|L2|Rn|A|@
OtherLoad|L3|Rn|A|@
Problem||Rb||@
State||Rs||@|1000
"""
